// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace nydus {

// JSON of nydusd, for --json or as a table of its members. What is no JSON is kSystem.
Result<std::string> RenderNydusdJson(std::string_view text);

}  // namespace nydus
