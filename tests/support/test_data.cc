// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_data.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace nydus {

std::string ReadTestData(std::string_view name) {
  const std::string path = StrCat(NYDUS_TEST_DATA, "/", name);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::perror(path.c_str());
    std::abort();
  }
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  return bytes;
}

}  // namespace nydus
