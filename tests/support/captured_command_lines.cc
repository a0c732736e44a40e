// SPDX-License-Identifier: Apache-2.0
#include "tests/support/captured_command_lines.h"

#include <nlohmann/json.hpp>

#include "tests/support/test_data.h"

namespace nydus {

std::vector<CapturedCommandLine> CapturedCommandLines() {
  std::vector<CapturedCommandLine> lines;
  const auto file = nlohmann::json::parse(ReadTestData("captured-command-lines.json"));
  for (const nlohmann::json& entry : file) {
    CapturedCommandLine& line = lines.emplace_back();
    entry.at("name").get_to(line.name);
    entry.at("caller").get_to(line.caller);
    entry.at("argv").get_to(line.argv);
    entry.at("go_helper_exit").get_to(line.go_helper_exit);
    for (const nlohmann::json& payload : entry.at("payload")) {
      line.payloads.push_back({payload.at("option"), payload.at("json")});
    }
  }
  return lines;
}

}  // namespace nydus
