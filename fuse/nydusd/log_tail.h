// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nydus {

// The last lines of a file behind its first `offset` bytes: at most `lines` of them that are not
// empty, escaped and cut, without colour codes. None if the file cannot be read.
std::vector<std::string> LastLogLines(const std::string& log_file, std::size_t lines,
                                      std::uint64_t offset = 0);
std::vector<std::string> LastLines(int fd, std::size_t lines, std::uint64_t offset = 0);

}  // namespace nydus
