// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

// How a file that one container sees is called in the share (Kata: ShareFile in fs_share_linux.go):
// CONTAINER-16 hexadecimal digits-last component of its path in the container.
namespace nydus {

// NAME_MAX of Linux.
inline constexpr std::size_t kMaxFileNameBytes = 255;

// kUsage if `destination` is no absolute path that ends in a name, is no UTF-8, or makes the name
// longer than kMaxFileNameBytes.
Result<std::string> SharedFileName(std::string_view container, std::uint64_t number,
                                   std::string_view destination);

// Whether SharedFileName() may have made it for this container.
bool IsSharedFileName(std::string_view container, std::string_view name);

// What somebody means by a name, by the path in the guest, or by the path on the host, which is
// `submounts`/NAME. Nothing if it is a path to somewhere else.
std::optional<std::string> NameOfSharedFile(std::string_view text, std::string_view submounts);

}  // namespace nydus
