// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/option_string.h"

#include "mount_helper/escapes.h"

namespace nydus {

namespace {

void DropSeparators(std::string_view& rest) {
  while (rest.starts_with(',')) rest.remove_prefix(1);
}

}  // namespace

Result<std::optional<OptionWord>> NextOption(std::string_view& rest) {
  DropSeparators(rest);
  if (rest.empty()) return std::nullopt;

  const std::size_t word_end = FindUnescaped(rest, ',');
  const std::size_t equals = rest.substr(0, word_end).find('=');
  if (equals == std::string_view::npos) {
    const OptionWord word{.name = rest.substr(0, word_end), .value = std::nullopt};
    rest.remove_prefix(word_end);
    return word;
  }

  const std::string_view name = rest.substr(0, equals);
  rest.remove_prefix(equals + 1);
  if (!rest.starts_with('"')) {
    const std::size_t value_end = word_end - equals - 1;
    const OptionWord word{.name = name, .value = rest.substr(0, value_end)};
    rest.remove_prefix(value_end);
    return word;
  }

  rest.remove_prefix(1);
  const std::size_t closing = rest.find('"');
  // No names in these messages: what looks like a name can be a piece of an unencoded payload.
  if (closing == std::string_view::npos) {
    return Fail(ErrorKind::kUsage, "options: a quote is never closed");
  }
  const OptionWord word{.name = name, .value = rest.substr(0, closing), .quoted = true};
  rest.remove_prefix(closing + 1);
  if (!rest.empty() && !rest.starts_with(',')) {
    return Fail(ErrorKind::kUsage, "options: text follows a closing quote");
  }
  return word;
}

}  // namespace nydus
