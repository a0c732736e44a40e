// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/diagnose/doctor/finding.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"

namespace nydus {

// The file that lets mounts with a broken payload through.
Findings CheckPayloadPolicy(const NodeView& node, const DoctorOptions& options);

// The configuration of mode kata.
Findings CheckConfigurationFile(const NodeView& node, const DoctorOptions& options);

// SELinux and AppArmor, as far as they can stop a mount.
Findings CheckSecurityModules(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
