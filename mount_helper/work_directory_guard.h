// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "mount_helper/mount_plan.h"

namespace nydus {

// Remembers what overlay keeps in a work directory, to take away after a failed mount what that
// mount put there: with `volatile`, a kernel that fails late leaves a mark that makes every later
// mount fail (fs/overlayfs/super.c: ovl_create_volatile_dirty).
class WorkDirectoryGuard {
 public:
  explicit WorkDirectoryGuard(const OverlayPlan& plan);

  // Only after a failure. Leaves everything that was there before, or that is not empty.
  void RemoveTraces() const;

  // True if an earlier volatile mount left its mark. Costs a look where the plan is not volatile.
  [[nodiscard]] bool BearsOldVolatileMark() const;

 private:
  [[nodiscard]] bool Exists(std::string_view name) const;

  std::string directory_;  // empty if there is nothing to guard
  bool is_volatile_ = false;
  bool had_work_ = false;
  bool had_index_ = false;
  bool had_volatile_mark_ = false;
};

}  // namespace nydus
