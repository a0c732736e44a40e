// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_dir.h"

#include <sys/stat.h>
#include <system_error>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/text.h"

namespace nydus {

namespace {

[[noreturn]] void Die(const std::string& what) {
  std::perror(what.c_str());
  std::abort();
}

}  // namespace

TempDir::TempDir() : path_(StrCat(testing::TempDir(), "nydus-test-XXXXXX")) {
  if (mkdtemp(path_.data()) == nullptr) Die(path_);
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::PathOf(std::string_view name) const {
  return StrCat(path_, "/", name);
}

std::string TempDir::Write(std::string_view name, std::string_view text) const {
  std::string path = PathOf(name);
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file || chmod(path.c_str(), 0644) != 0) Die(path);
  return path;
}

}  // namespace nydus
