// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <libmount/libmount.h>

#include "mount_helper/option_string.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

// As libmount tells them: a quoted value with its quotes.
struct Word {
  std::string name;
  std::optional<std::string> value;

  bool operator==(const Word&) const = default;
};

// Every quote belongs to a word of the form `name="value"`.
bool QuotesOnlyWholeValues(std::string_view rest) {
  for (std::size_t quote = rest.find('"'); quote != std::string_view::npos;
       quote = rest.find('"')) {
    const std::string_view before = rest.substr(0, quote);
    const std::string_view name = before.substr(before.rfind(',') + 1);
    if (name.empty() || name.find('=') != name.size() - 1) return false;
    const std::size_t closing = rest.find('"', quote + 1);
    if (closing == std::string_view::npos) return false;
    rest.remove_prefix(closing + 1);
    if (!rest.empty() && !rest.starts_with(',')) return false;
  }
  return true;
}

// What both mean to read alike. The tests OptionStringAgainstLibmount.* name the rest.
bool IsCommonGround(std::string_view options) {
  return options.find_first_of(std::string_view("\\\0", 2)) == std::string_view::npos &&
         !options.starts_with('=') && !options.contains(",=") && QuotesOnlyWholeValues(options);
}

std::vector<Word> SplitOurs(std::string_view rest) {
  std::vector<Word> words;
  for (;;) {
    const Result<std::optional<OptionWord>> word = NextOption(rest);
    Demand(word.has_value(), "options are split as by libmount: no error");
    if (!*word) return words;
    const OptionWord& found = **word;
    Word& added = words.emplace_back(Word{std::string(found.name), std::nullopt});
    if (found.value) added.value = std::string(*found.value);
    if (found.quoted) added.value = '"' + *added.value + '"';
  }
}

std::vector<Word> SplitTheirs(std::string options) {
  std::vector<Word> words;
  char* rest = options.data();
  char* name = nullptr;
  char* value = nullptr;
  std::size_t name_size = 0;
  std::size_t value_size = 0;
  while (mnt_optstr_next_option(&rest, &name, &name_size, &value, &value_size) == 0) {
    Word& added = words.emplace_back(Word{std::string(name, name_size), std::nullopt});
    if (value != nullptr) added.value = std::string(value, value_size);
  }
  return words;
}

}  // namespace

void FuzzOne(std::string_view input) {
  if (!IsCommonGround(input)) return;
  Demand(SplitOurs(input) == SplitTheirs(std::string(input)), "options are split as by libmount");
}

}  // namespace nydus
