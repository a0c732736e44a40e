// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/plan_text.h"

#include "base/text.h"
#include "mount_helper/overlay_mount.h"

namespace nydus {

namespace {

bool IsDirectory(const DataWord& word) {
  return word.known &&
         (word.kind == OptionKind::kLowerDirectory || word.kind == OptionKind::kUpperDirectory ||
          word.kind == OptionKind::kWorkDirectory);
}

void Describe(const OverlayPlan& plan, std::string_view target, std::vector<std::string>& lines) {
  lines.push_back(StrCat("overlay ", Quote(plan.source), " on ", target, " by ",
                         OverlayInterface(plan), ", ", FormatMountData(plan.data).size(),
                         " bytes of data"));
  lines.push_back(StrCat("flags ", FlagNames(plan.flags)));
  for (const Layer& layer : plan.layers) {
    lines.push_back(StrCat(layer.data_only ? "data-only " : "lower ", Quote(layer.path)));
  }
  if (plan.upper_directory) lines.push_back(StrCat("upper ", Quote(*plan.upper_directory)));
  if (plan.work_directory) lines.push_back(StrCat("work ", Quote(*plan.work_directory)));
  for (const DataWord& word : plan.data) {
    if (!IsDirectory(word)) lines.push_back(StrCat("data ", Quote(word.key)));
  }
}

void Describe(const LayerBindPlan& plan, std::string_view target, std::vector<std::string>& lines) {
  lines.push_back(StrCat("bind of the only layer ", Quote(plan.layer), " on ", target));
  lines.push_back(StrCat("flags ", FlagNames(plan.flags)));
}

void Describe(const RemountPlan& plan, std::string_view target, std::vector<std::string>& lines) {
  lines.push_back(StrCat("remount of ", target));
  lines.push_back(StrCat("flags ", FlagNames(plan.flags)));
}

}  // namespace

std::vector<std::string> DescribePlan(const MountPlan& plan) {
  std::vector<std::string> lines;
  std::visit([&](const auto& action) { Describe(action, Quote(plan.target), lines); }, plan.action);
  if (!plan.propagation.empty()) {
    lines.push_back(StrCat("propagation ", PropagationNames(plan.propagation)));
  }
  lines.insert(lines.end(), plan.notes.begin(), plan.notes.end());
  return lines;
}

}  // namespace nydus
