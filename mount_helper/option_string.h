// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"

namespace nydus {

// One option as written: `name`, or `name=value`. The views point into the option string.
struct OptionWord {
  std::string_view name;
  std::optional<std::string_view> value;  // escapes kept; without the quotes around it
  bool quoted = false;                    // the value stood in double quotes

  bool operator==(const OptionWord&) const = default;
};

// Takes the first word off `rest`, a list separated by commas; nothing at its end. Empty words are
// passed over. A backslash keeps the next byte from being a separator; a double quote opens only
// right after `=` and keeps commas together up to the next one.
Result<std::optional<OptionWord>> NextOption(std::string_view& rest);

}  // namespace nydus
