// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/mount_target.h"

namespace nydus {

// Binds one layer, without the mounts below it and outside its propagation, with exactly the
// plan's flags whatever the layer's own mount has. In a user namespace some flags of that mount
// may be locked: they stay, and `notes` says so. Nothing is mounted after a failure.
Result<> BindLayer(const LayerBindPlan& plan, const MountTarget& target,
                   std::vector<std::string>& notes);

}  // namespace nydus
