// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/mount_request.h"
#include "mount_helper/plan_text.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

constexpr std::string_view kModes[] = {"native", "kata", "image"};            // of MountMode
constexpr std::string_view kPolicies[] = {"compatible", "strict", "ignore"};  // of PayloadPolicy
constexpr std::string_view kPayloads[] = {"extraoption",
                                          "io.katacontainers.volume"};  // of PayloadKind

Result<MountRequest> Parse(std::string options, std::string_view target = "/t") {
  return ParseMountRequest({.source = "overlay", .target = target, .options = std::move(options)});
}

std::string_view NameOfPropagation(unsigned long flag) {
  const auto row = std::ranges::find_if(OptionTable(), [flag](const OptionRow& candidate) {
    return candidate.kind == OptionKind::kPropagation && candidate.mount_flag == flag;
  });
  return row->name;
}

// A value that holds a quote did not stand between quotes and has no need of them.
std::string Setting(std::string_view name, std::string_view value) {
  const std::string_view quote = value.contains('"') ? "" : "\"";
  return StrCat(name, "=", quote, value, quote, ",");
}

// Options that ask for the same. The data come last: a backslash at their end would escape a comma.
std::string FormatRequest(const MountRequest& request) {
  std::string options = StrCat(FlagNames(request.flags), ",");
  for (const unsigned long flag : request.propagation) {
    options += StrCat(NameOfPropagation(flag), ",");
  }
  if (request.remount) options += "remount,";
  options += Setting("nydus.mode", kModes[static_cast<std::size_t>(request.mode)]);
  if (request.policy) {
    options += Setting("nydus.payload", kPolicies[static_cast<std::size_t>(*request.policy)]);
  }
  for (const Payload& payload : request.payloads) {
    options += Setting(kPayloads[static_cast<std::size_t>(payload.kind)], payload.base64);
  }
  const HandOverSettings& hand_over = request.hand_over;
  if (!hand_over.sandbox.empty()) options += Setting("nydus.sandbox", hand_over.sandbox);
  if (!hand_over.container.empty()) options += Setting("nydus.container", hand_over.container);
  if (!hand_over.api_socket.empty()) options += Setting("nydus.apisock", hand_over.api_socket);
  if (!hand_over.layout.empty()) options += Setting("nydus.layout", hand_over.layout);
  return options + FormatMountData(request.data);
}

std::string WithoutDoubledSlashes(std::string_view path) {
  std::string plain;
  for (const char c : path) {
    if (c != '/' || !plain.ends_with('/')) plain += c;
  }
  return plain;
}

// What mount(2) is given says what the plan says.
void CheckData(const OverlayPlan& plan) {
  const Result<MountRequest> read = Parse(FormatMountData(plan.data));
  Demand(read && read->data == plan.data && read->layers == plan.layers &&
             read->upper_directory == plan.upper_directory &&
             read->work_directory == plan.work_directory,
         "the data of a plan are read as they were written");
}

// Seen from the layers' common parent, a relative plan means the same directories.
void CheckRelative(const OverlayPlan& plan) {
  const std::string parent = CommonParent(plan.layers);
  const OverlayPlan relative = RelativePlan(plan, parent);
  CheckData(relative);
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const std::string& path = relative.layers[i].path;
    const std::string seen =
        parent.empty() || path.starts_with('/') ? path : StrCat(parent, "/", path);
    Demand(WithoutDoubledSlashes(seen) == WithoutDoubledSlashes(plan.layers[i].path),
           "a relative layer is the same directory");
  }
}

void CheckPlan(const MountRequest& request, const SystemFacts& facts) {
  const Result<MountPlan> plan = PlanMount(request, facts);
  if (!plan) return DemandDiscreet(plan.error());
  for (const std::string& line : DescribePlan(*plan)) {
    Demand(IsPrintable(line), "the text of a plan is printable");
    Demand(!line.contains(kSecret), "the text of a plan holds no payload");
  }
  if (const auto* overlay = std::get_if<OverlayPlan>(&plan->action)) {
    CheckData(*overlay);
    CheckRelative(*overlay);
  }
}

}  // namespace

// Behind a payload that nothing but the payload's check may see.
void FuzzOne(std::string_view input) {
  if (input.contains('\0') || input.contains(kSecret)) return;
  const std::string options = StrCat("extraoption=", kSecret, ",", input);
  for (const std::string_view target : {"/t", "/run/containerd-mount1"}) {
    const Result<MountRequest> request = Parse(options, target);
    if (!request) return DemandDiscreet(request.error());
    const Result<MountRequest> again = Parse(FormatRequest(*request), target);
    Demand(again == request, "a request is read as it was written");
    if (request->mode != MountMode::kNative) return;
    CheckPlan(*request, {.selinux = true});
    CheckPlan(*request, {.selinux = false});
  }
}

}  // namespace nydus
