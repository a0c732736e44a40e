// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_dir.h"

#include <sys/stat.h>

#include <filesystem>

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(TempDir, IsEmptyAndDifferentEachTime) {
  const TempDir first;
  const TempDir second;
  EXPECT_TRUE(std::filesystem::is_empty(first.path()));
  EXPECT_NE(first.path(), second.path());
}

TEST(TempDir, GoesAwayWithItsContents) {
  std::string path;
  {
    const TempDir dir;
    path = dir.path();
    std::filesystem::create_directories(dir.PathOf("a/b"));
    EXPECT_TRUE(std::filesystem::exists(dir.Write("a/b/file", "text")));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TempDir, WritesBytesAsGivenWithAFixedMode) {
  const TempDir dir;
  const std::string path = dir.Write("file", std::string_view("a\0b\n", 4));
  struct stat status = {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 4);
  EXPECT_EQ(status.st_mode & 07777, 0644U);
}

}  // namespace
}  // namespace nydus
