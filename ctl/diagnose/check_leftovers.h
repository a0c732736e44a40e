// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/diagnose/doctor_finding.h"
#include "ctl/diagnose/doctor_node.h"
#include "ctl/diagnose/doctor_options.h"

namespace nydus {

// Mounts and loop devices that nobody uses any more.
Findings CheckLeftovers(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
