// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_target.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "base/utf8.h"

namespace nydus {

void Demand(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "violated: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

bool IsPrintable(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = Utf8SequenceLength(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0 || first < 0x20 || first == 0x7F) return false;
    text.remove_prefix(length);
  }
  return true;
}

void DemandDiscreet(const Error& error) {
  for (const std::string_view text :
       {std::string_view(error.message), std::string_view(error.hint)}) {
    Demand(IsPrintable(text), "an error is printable");
    Demand(!text.contains(kSecret), "an error repeats no secret");
  }
}

}  // namespace nydus
