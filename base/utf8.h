// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace nydus {

// Length in bytes (1 to 4) of the well-formed UTF-8 sequence at the start of `text`, 0 if there is
// none. Well-formed as in RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
std::size_t Utf8SequenceLength(std::string_view text);

// Whether all of `text` is such sequences.
bool IsUtf8(std::string_view text);

}  // namespace nydus
