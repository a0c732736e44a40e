// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/diagnose/inspect/inspection.h"

namespace nydus {

// Why this mount probably failed or will fail, and what in it surprises, most likely first. Needs
// everything of `inspection` but its paths.
std::vector<std::string> HintsFor(const MountText& text, const Inspection& inspection);

}  // namespace nydus
