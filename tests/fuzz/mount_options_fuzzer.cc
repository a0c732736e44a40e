// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mount_helper/mount_plan.h"
#include "mount_helper/mount_request.h"
#include "mount_helper/plan_text.h"

namespace {

void Demand(bool condition) {
  if (!condition) std::abort();
}

// What an overlay plan writes for mount(2) must be read back as the same layers.
void CheckRoundTrip(const nydus::OverlayPlan& plan) {
  if (plan.layers.empty()) return;
  const auto layers = nydus::ParseLowerDirectories(nydus::FormatLowerDirectories(plan.layers));
  Demand(layers && *layers == plan.layers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string options(reinterpret_cast<const char*>(data), size);
  if (options.find('\0') != std::string::npos) return 0;
  const auto request =
      nydus::ParseMountRequest({.source = "overlay", .target = "/t", .options = options});
  if (!request) return 0;
  const auto plan = nydus::PlanMount(*request, {.selinux = true});
  if (!plan) return 0;
  (void)nydus::DescribePlan(*plan);
  if (const auto* overlay = std::get_if<nydus::OverlayPlan>(&plan->action)) {
    CheckRoundTrip(*overlay);
    (void)nydus::RelativePlan(*overlay, nydus::CommonParent(overlay->layers));
  }
  return 0;
}
