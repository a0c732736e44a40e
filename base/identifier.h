// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace nydus {

inline constexpr std::size_t kMaxIdentifierBytes = 128;

// What an identifier must be, for messages.
inline constexpr std::string_view kIdentifierRule =
    "is not an identifier ([A-Za-z0-9][A-Za-z0-9_.-]*, 128 at most)";

// [A-Za-z0-9][A-Za-z0-9_.-]{0,127}: names of sandboxes and containers become parts of paths on the
// host and in the guest. A name that begins with a dot is therefore never a sandbox's or
// container's.
bool IsIdentifier(std::string_view text);

}  // namespace nydus
