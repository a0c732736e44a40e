// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/diagnose/doctor/finding.h"
#include "ctl/diagnose/doctor/kernel.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"

namespace nydus {

// The kernel's file systems and mount interfaces. On this node they are tried.
Findings CheckKernel(const NodeView& node, const DoctorOptions& options);

// What the outcome of a trial means.
Findings JudgeTrial(const KernelTrial& trial);

// The device /dev/fuse.
Findings CheckFuseDevice(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
