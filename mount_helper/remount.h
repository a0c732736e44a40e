// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/mount_target.h"

namespace nydus {

// Changes those flags of the mount at `target` that the plan names, and no other. A layer that was
// bound stays read-only, and its super block, which is not ours, is left alone.
Result<> Remount(const RemountPlan& plan, const MountTarget& target,
                 std::vector<std::string>& notes);

}  // namespace nydus
