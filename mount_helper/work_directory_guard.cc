// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/work_directory_guard.h"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "base/text.h"

namespace nydus {

namespace {

constexpr std::string_view kWork = "/work";
constexpr std::string_view kIndex = "/index";
constexpr std::string_view kIncompatible = "/work/incompat";
constexpr std::string_view kVolatileMark = "/work/incompat/volatile";
constexpr std::string_view kDirtyMark = "/work/incompat/volatile/dirty";

}  // namespace

WorkDirectoryGuard::WorkDirectoryGuard(const OverlayPlan& plan) : is_volatile_(IsVolatile(plan)) {
  if (!plan.work_directory) return;
  directory_ = *plan.work_directory;
  had_work_ = Exists(kWork);
  had_index_ = Exists(kIndex);
  had_volatile_mark_ = is_volatile_ && had_work_ && Exists(kVolatileMark);
}

bool WorkDirectoryGuard::Exists(std::string_view name) const {
  return faccessat(AT_FDCWD, StrCat(directory_, name).c_str(), F_OK, 0) == 0;
}

bool WorkDirectoryGuard::BearsOldVolatileMark() const {
  if (is_volatile_) return had_volatile_mark_;
  return !directory_.empty() && Exists(kVolatileMark);
}

void WorkDirectoryGuard::RemoveTraces() const {
  if (directory_.empty()) return;
  const auto remove_directory = [this](std::string_view name) {
    (void)rmdir(StrCat(directory_, name).c_str());
  };
  if (is_volatile_ && !had_volatile_mark_) {
    (void)unlink(StrCat(directory_, kDirtyMark).c_str());
    remove_directory(kVolatileMark);
    remove_directory(kIncompatible);
  }
  if (!had_work_) remove_directory(kWork);
  if (!had_index_) remove_directory(kIndex);
}

}  // namespace nydus
