// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace nydus {

// Whether `directory` can stand in an overlay option unescaped: absolute, without a comma, a colon,
// a backslash or a NUL byte. The error begins with `field`.
Result<> CheckDirectory(std::string_view field, std::string_view directory);

// DIRECTORY/NAME with one slash between.
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace nydus
