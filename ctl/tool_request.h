// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"
#include "mount_helper/command_line.h"

namespace nydus {

// The longest request, in bytes: in base64 all that execve(2) lets a program have (6 MiB,
// fs/exec.c), and the rest of the object.
inline constexpr std::size_t kMaxToolRequestBytes = std::size_t{9} * 1024 * 1024;

// A mount that the mount helper hands over (mount_helper/tool_exec.h). The options hold payloads:
// never print them.
struct ToolRequest {
  std::string source;
  std::string target;
  std::string options;
  bool fake = false;
  bool verbose = false;
  UniqueFd mount_namespace;  // of -N; none without

  // Points into this request.
  [[nodiscard]] CommandLine AsCommandLine() const;
};

// Reads the request from the descriptor that `number` names, and closes it. Refused is everything
// that somebody could still change, and every member that is not known. Takes the namespace's
// descriptor over.
Result<ToolRequest> ReadToolRequest(std::string_view number);

}  // namespace nydus
