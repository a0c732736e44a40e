// SPDX-License-Identifier: Apache-2.0
#include "tests/support/requirement.h"

#include <cstdlib>

namespace nydus {

bool IsRequired(std::string_view kind) {
  const char* required = std::getenv("NYDUS_REQUIRE");
  std::string_view rest = required == nullptr ? "" : required;
  while (!rest.empty()) {
    const std::size_t end = rest.find(',');
    if (rest.substr(0, end) == kind) return true;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return false;
}

}  // namespace nydus
