// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace nydus {

// JSON for programs, indented by two blanks, with a line break at its end. Bytes that are no UTF-8
// become U+FFFD.
std::string FormatJson(const nlohmann::ordered_json& value);

}  // namespace nydus
