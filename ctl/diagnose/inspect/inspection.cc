// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/inspection.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "ctl/diagnose/inspect/hints.h"
#include "ctl/diagnose/inspect/option_report.h"
#include "ctl/diagnose/inspect/payload_report.h"
#include "mount_helper/payload_check.h"
#include "mount_helper/plan_text.h"

namespace nydus {

namespace {

// Stands for a target that the text does not name.
constexpr std::string_view kSomeTarget = "DIR";

CommandLine CommandLineOf(const MountText& text) {
  return {.source = text.source,
          .target = text.target.empty() ? kSomeTarget : text.target,
          .options = text.options,
          .has_options = true};
}

// A named policy keeps the helper from asking this node for its rescue file.
Result<> CheckPayloadsOf(MountRequest request) {
  request.policy = request.policy.value_or(PayloadPolicy::kCompatible);
  std::vector<std::string> notes;
  return CheckPayloads(request, notes);
}

Result<std::vector<std::string>> PlanOf(const MountText& text, const SystemFacts& facts) {
  const Result<MountRequest> request = ParseMountRequest(CommandLineOf(text));
  if (!request) return Failure(request.error());
  if (Result<> checked = CheckPayloadsOf(*request); !checked) return Failure(checked.error());
  if (request->mode == MountMode::kKata) {
    return std::vector<std::string>{"handed to nydus-overlayctl: nydusd serves it to a guest"};
  }
  if (request->mode == MountMode::kImage) {
    return std::vector<std::string>{"handed to nydus-overlayctl: the image is mounted on its own"};
  }
  const Result<MountPlan> plan = PlanMount(*request, facts);
  if (!plan) return Failure(plan.error());
  return DescribePlan(*plan);
}

// Our own line is free of payloads; other programs repeat their arguments.
std::string ShowableReport(const MountText& text) {
  constexpr std::string_view kOurs = "mount.fuse.nydus-overlayfs: ";
  if (text.report.empty()) return {};
  std::string_view report = text.report;
  if (report.ends_with('\n')) report.remove_suffix(1);
  const bool repeats_payload =
      report.contains(kExtraOptionName) || report.contains(kKataVolumeOptionName);
  if (!report.starts_with(kOurs) || report.contains('\n') || repeats_payload) return Mask(report);
  return Escape(report);
}

bool NobodyAccepts(const PayloadReport& payload) {
  return !payload.problem.empty() || std::ranges::none_of(payload.verdicts, &Verdict::accepted);
}

void AddPlan(const MountText& text, const SystemFacts& facts,
             const std::vector<std::string>& hidden_names, Inspection& inspection) {
  Result<std::vector<std::string>> plan = PlanOf(text, facts);
  if (!plan) {
    inspection.refusal = WithoutNames(std::move(plan.error().message), hidden_names);
    inspection.refusal_hint = std::move(plan.error().hint);
    return;
  }
  for (std::string& line : *plan) {
    inspection.plan.push_back(WithoutNames(std::move(line), hidden_names));
  }
}

}  // namespace

Inspection Inspect(const MountText& text, const SystemFacts& facts) {
  OptionReports options = ReportOptions(text.options);
  Inspection inspection{.form = text.form,
                        .is_payload = text.is_payload,
                        .type = Escape(text.type),
                        .source = ShowText(text.source),
                        .target = Escape(text.target),
                        .options = std::move(options.options),
                        .payloads = ReportPayloads(options.payloads, text.type),
                        .report = ShowableReport(text),
                        .status = text.status};
  if (!text.type.empty()) {
    inspection.kata_go_takes_type = KataGoTakesType(text.type);
    inspection.kata_rust_takes_type = KataRustTakesType(text.type);
  }
  if (options.cut) {
    inspection.refusal =
        StrCat("not planned: there are more than ", kMaxInspectedOptions, " options");
  } else if (!text.is_payload) {
    AddPlan(text, facts, options.hidden_names, inspection);
  }
  inspection.hints = HintsFor(text, inspection);
  inspection.bad =
      !inspection.refusal.empty() || std::ranges::any_of(inspection.payloads, NobodyAccepts);
  return inspection;
}

}  // namespace nydus
