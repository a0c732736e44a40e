// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/diagnose/doctor/finding.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"

namespace nydus {

// nydus-snapshotter's configuration: settings that cannot work, that exclude each other, or that
// name what is not there.
Findings CheckSnapshotter(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
