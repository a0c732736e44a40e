// SPDX-License-Identifier: Apache-2.0
#include <system_error>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

namespace {

std::vector<std::filesystem::path> FilesIn(const char* folder) {
  std::error_code ignored;  // a folder that cannot be read has no files
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

// Replays every file of a corpus folder, and the empty input. The last name printed is that of the
// input that a property did not hold for.
int main(int argc, char** argv) {
  const std::vector<std::filesystem::path> files =
      argc == 2 ? FilesIn(argv[1]) : std::vector<std::filesystem::path>();
  if (files.empty()) {
    std::fputs("usage: replay FOLDER, which holds a file for each input\n", stderr);
    return 1;
  }
  nydus::FuzzOne({});
  for (const std::filesystem::path& file : files) {
    std::fprintf(stderr, "%s\n", file.filename().c_str());
    std::ifstream stream(file, std::ios::binary);
    const std::string input((std::istreambuf_iterator<char>(stream)), {});
    nydus::FuzzOne(input);
  }
  return 0;
}
