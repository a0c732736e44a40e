// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "mount_helper/mount_plan.h"

namespace nydus {

// The plan for people, a printable line each; -v shows it. Payloads are not part of a plan.
std::vector<std::string> DescribePlan(const MountPlan& plan);

}  // namespace nydus
