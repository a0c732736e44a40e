// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_target.h"

#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace nydus {

void Demand(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "violated: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

bool IsPrintable(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '\\');  // what Escape() writes stays as it is, save for doubled backslashes
  return Escape(plain) == plain;
}

void DemandDiscreet(const Error& error) {
  for (const std::string_view text :
       {std::string_view(error.message), std::string_view(error.hint)}) {
    Demand(IsPrintable(text), "an error is printable");
    Demand(!text.contains(kSecret), "an error repeats no secret");
  }
}

}  // namespace nydus
