// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "mount_helper/command_line.h"

namespace nydus {

// The version of the request below. The tool refuses any other.
inline constexpr int kToolRequestVersion = 1;

// The request as nydus-overlayctl reads it: one JSON object,
//   version       kToolRequestVersion
//   source, target, options
//                 as in CommandLine, in base64 because paths are bytes, not text
//   fake, verbose -f, -v
//   namespace_fd  the descriptor of -N, which the tool inherits; -1 without -N
std::string FormatToolRequest(const CommandLine& line, int namespace_fd);

// Replaces the process by nydus-overlayctl, which gets the request in a sealed memfd as
// --request-fd=N: a payload must not show in argv again. Its path is compiled in, else it lies
// beside this program; never found by PATH. Returns only if that fails. `namespace_fd` may be -1.
Error ExecTool(const CommandLine& line, int namespace_fd);

}  // namespace nydus
