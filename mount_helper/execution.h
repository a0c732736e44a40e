// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/mount_target.h"

namespace nydus {

// Does what the plan says to the opened target. After a failure no mount of ours and no trace in
// the work directory is left. `notes` gets what had to be done otherwise than asked.
Result<> ExecutePlan(const MountPlan& plan, const MountTarget& target,
                     std::vector<std::string>& notes);

}  // namespace nydus
