// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/diagnose/doctor/finding.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"

namespace nydus {

// containerd's configuration: whether it knows the snapshotter, reaches it, and gives it what it
// needs.
Findings CheckContainerd(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
