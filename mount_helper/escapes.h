// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// In mount options a backslash takes the special meaning from the byte behind it.
namespace nydus {

// The position of the first `stop` in `text` that no backslash escapes, or the text's length.
std::size_t FindUnescaped(std::string_view text, char stop);

std::string UnescapePath(std::string_view escaped);

// The inverse of UnescapePath, good for `lowerdir=`, `upperdir=` and `workdir=` alike. A quote is
// escaped because an option string takes one at the start of a value for an opening one.
std::string EscapePath(std::string_view path);

}  // namespace nydus
