// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace nydus {

// The whole program: parse, check, plan, execute, report. `arguments` are the process's own,
// without its name; payloads in them are overwritten. Returns the exit code.
int RunMountCommand(std::span<char* const> arguments);

}  // namespace nydus
