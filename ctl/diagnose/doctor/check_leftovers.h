// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/diagnose/doctor/finding.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"

namespace nydus {

// Mounts and loop devices that nobody uses any more.
Findings CheckLeftovers(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
