// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace nydus {

// Overwrites the process's own arguments from the first payload on, so that /proc/PID/cmdline and
// ps show none of it. Everything needed from them must have been copied.
void ScrubPayloads(std::span<char* const> arguments);

}  // namespace nydus
