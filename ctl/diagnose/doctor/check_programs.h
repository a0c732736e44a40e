// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/diagnose/doctor/finding.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"

namespace nydus {

// mount.fuse and the shell between containerd and the mount helper.
Findings CheckMountFuse(const NodeView& node, const DoctorOptions& options);

// The mount helper that containerd reaches, and what stands in its way.
Findings CheckHelper(const NodeView& node, const DoctorOptions& options);

// The mount helper that mount(8) reaches.
Findings CheckMountProgramsHelper(const NodeView& node, const DoctorOptions& options);

// nydus-overlayctl where the mount helper executes it.
Findings CheckTool(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
