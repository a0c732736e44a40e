// SPDX-License-Identifier: Apache-2.0
#include "ctl/nydusd_output.h"

#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/json_output.h"
#include "ctl/terminal.h"
#include "ctl/text_output.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

namespace {

// Every number and text in a row of its own, behind the way to it: /read_count/0.
std::string TableOf(const nlohmann::ordered_json& value) {
  TextOutput text(WantsColour());
  if (value.empty()) {
    text.Line("nothing");
    return text.text();
  }
  std::vector<std::vector<Cell>> rows;
  const nlohmann::ordered_json leaves = value.flatten();
  for (const auto& [way, leaf] : leaves.items()) {
    rows.push_back({{Escape(way)},
                    {Escape(leaf.is_string() ? leaf.get_ref<const std::string&>() : leaf.dump())}});
  }
  text.Table(rows);
  return text.text();
}

}  // namespace

Result<std::string> RenderNydusdJson(std::string_view text) {
  const Result<JsonValue> bounded = ParseJson(text);  // nlohmann's parser knows no depth
  if (!bounded) {
    return Fail(ErrorKind::kSystem, StrCat("nydusd's answer: ", bounded.error().message));
  }
  const auto value = nlohmann::ordered_json::parse(text, nullptr, false);
  return FLAGS_json ? FormatJson(value) : TableOf(value);
}

}  // namespace nydus
