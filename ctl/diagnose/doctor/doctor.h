// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "ctl/diagnose/doctor/finding.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"

namespace nydus {

struct DoctorCheck {
  std::string_view name;  // what it looks at
  Findings (*run)(const NodeView& node, const DoctorOptions& options);
};

std::span<const DoctorCheck> DoctorChecks();

// Makes the checks one after the other, each in a child process with a time limit: one that hangs
// or dies becomes a finding. The worst findings come first.
Findings Diagnose(std::span<const DoctorCheck> checks, const NodeView& node,
                  const DoctorOptions& options);

// True if a finding keeps Nydus mounts from working.
bool HasErrors(const Findings& findings);

}  // namespace nydus
