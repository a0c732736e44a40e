// SPDX-License-Identifier: Apache-2.0
#include "ctl/json_output.h"

#include <nlohmann/json.hpp>

namespace nydus {

std::string FormatJson(const nlohmann::ordered_json& value) {
  constexpr int kIndent = 2;
  return value.dump(kIndent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace nydus
