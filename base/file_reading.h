// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/error.h"

namespace nydus {

// The largest configuration file that is read, in bytes.
inline constexpr std::size_t kMaxConfigurationBytes = std::size_t{64} * 1024;

// The whole rest of `fd`. More than `limit` bytes is an error, never a cut text.
Result<std::string> ReadAll(int fd, std::size_t limit);

// A configuration file that root trusts: opened without following a link at its end; a regular
// file, owned by root, not writable by group or others, at most kMaxConfigurationBytes long.
// A file that does not exist is no error.
Result<std::optional<std::string>> ReadTrustedFile(const std::string& path);

}  // namespace nydus
