// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/argument_scrub.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "mount_helper/option_table.h"

namespace nydus {

namespace {

bool IsPayload(const OptionRow& row) {
  return row.kind == OptionKind::kExtraOption || row.kind == OptionKind::kKataVolume;
}

// Where the value of the first payload begins; the end of the text if there is none.
std::size_t FindPayload(std::string_view text) {
  std::size_t first = text.size();
  for (const OptionRow& row : OptionTable()) {
    if (!IsPayload(row)) continue;
    const std::size_t name = text.find(row.name);
    if (name != std::string_view::npos) first = std::min(first, name + row.name.size());
  }
  return first;
}

}  // namespace

void ScrubPayloads(std::span<char* const> arguments) {
  bool found = false;
  for (char* argument : arguments) {
    const std::size_t length = std::strlen(argument);
    const std::size_t begin = found ? 0 : FindPayload({argument, length});
    found = found || begin < length;
    std::fill(argument + begin, argument + length, '*');
  }
}

}  // namespace nydus
