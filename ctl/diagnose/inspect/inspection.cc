// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/inspection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "ctl/diagnose/inspect/exit_meaning.h"
#include "ctl/diagnose/inspect/hints.h"
#include "ctl/diagnose/inspect/option_report.h"
#include "ctl/diagnose/inspect/payload_report.h"
#include "mount_helper/payload_check.h"
#include "mount_helper/plan_text.h"

namespace nydus {

namespace {

// The longest report of ours that is searched for what to mask: two paths of PATH_MAX and words.
constexpr std::size_t kMaxReportBytes = 16384;

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

// True if `report` repeats a text that must not be shown outside of quotes, where only whoever
// wrote the report knows its end. Shorter texts are part of any word.
bool RepeatsHidden(std::string_view report, const std::vector<std::string>& hidden) {
  constexpr std::size_t kLeastBytes = 3;
  return std::ranges::any_of(hidden, [report](const std::string& text) {
    return text.size() >= kLeastBytes && report.contains(Escape(text));
  });
}

bool RepeatsPayload(std::string_view report) {
  return std::ranges::any_of(
      std::array{kExtraOptionName, kKataVolumeOptionName},
      [report](std::string_view name) { return report.contains(StrCat(name, "=")); });
}

// Our own line is free of payloads; other programs repeat their arguments.
std::string ShowableReport(std::string_view report, const OptionReports& options) {
  constexpr std::string_view kOurs = "mount.fuse.nydus-overlayfs: ";
  if (report.ends_with('\n')) report.remove_suffix(1);
  if (report.empty()) return {};
  if (!report.starts_with(kOurs) || report.contains('\n') || RepeatsPayload(report)) {
    return Mask(report);
  }
  if (options.hidden_cut || report.size() > kMaxReportBytes) return Mask(report);
  const std::string shown = WithoutHidden(std::string(report), options.hidden);
  return RepeatsHidden(shown, options.hidden) ? Mask(report) : Escape(shown);
}

bool NobodyAccepts(const PayloadReport& payload) {
  return !payload.problem.empty() || std::ranges::none_of(payload.verdicts, &Verdict::accepted);
}

void AddPlan(const MountText& text, const SystemFacts& facts,
             const std::vector<std::string>& hidden, Inspection& inspection) {
  Result<std::vector<std::string>> plan = PlanOf(text, facts);
  if (!plan) {
    inspection.refusal = WithoutHidden(std::move(plan.error().message), hidden);
    inspection.refusal_hint = std::move(plan.error().hint);
    return;
  }
  for (std::string& line : *plan) {
    inspection.plan.push_back(WithoutHidden(std::move(line), hidden));
  }
}

}  // namespace

Inspection Inspect(const MountText& text, const SystemFacts& facts) {
  OptionReports options = ReportOptions(text.options);
  ShownValue type = ShowValue(ValueKind::kPathOrWord, text.type);
  ShownValue source = ShowValue(ValueKind::kPathOrWord, text.source);
  ShownValue target = ShowValue(ValueKind::kPathOrWord, text.target);
  if (source.masked) options.hidden.push_back(text.source);
  if (target.masked) options.hidden.push_back(text.target);
  Inspection inspection{.form = text.form,
                        .is_payload = text.is_payload,
                        .type = std::move(type.text),
                        .source = std::move(source.text),
                        .target = std::move(target.text),
                        .options = std::move(options.options),
                        .payloads = ReportPayloads(options.payloads, text.type),
                        .report = ShowableReport(text.report, options),
                        .status = text.status,
                        .status_meaning = text.status ? ExitStatusMeaning(*text.status) : "",
                        .signal = text.signal};
  if (!text.type.empty()) {
    inspection.kata_go_takes_type = KataGoTakesType(text.type);
    inspection.kata_rust_takes_type = KataRustTakesType(text.type);
  }
  if (options.cut) {
    inspection.refusal =
        StrCat("not planned: there are more than ", kMaxInspectedOptions, " options");
  } else if (options.hidden_cut) {
    inspection.refusal =
        StrCat("not planned: more than ", kMaxHiddenTexts, " names and directories are masked");
  } else if (!text.is_payload) {
    AddPlan(text, facts, options.hidden, inspection);
  }
  inspection.hints = HintsFor(text, inspection);
  inspection.bad =
      !inspection.refusal.empty() || std::ranges::any_of(inspection.payloads, NobodyAccepts);
  return inspection;
}

}  // namespace nydus
