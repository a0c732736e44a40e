// SPDX-License-Identifier: Apache-2.0
#include "kata/shared_file_name.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr std::string_view kSubmounts = "/run/kata-containers/shared/sandboxes/s/mounts";

TEST(SharedFileName, IsAsKataMakesIt) {
  EXPECT_EQ(*SharedFileName("c1", 0x0123456789abcdef, "/etc/resolv.conf"),
            "c1-0123456789abcdef-resolv.conf");
  EXPECT_EQ(*SharedFileName("c1", 1, "/volume"), "c1-0000000000000001-volume");
}

// Go's filepath.Base().
TEST(SharedFileName, SlashesAtTheEndDoNotCount) {
  EXPECT_EQ(*SharedFileName("c1", 1, "/var/volume//"), "c1-0000000000000001-volume");
}

TEST(SharedFileName, KeepsBytesThatMeanSomethingElsewhere) {
  EXPECT_EQ(*SharedFileName("c1", 1, "/a/new\nline, \\ é"), "c1-0000000000000001-new\nline, \\ é");
}

class SharedFileDestination : public testing::TestWithParam<std::string_view> {};

TEST_P(SharedFileDestination, WithoutANameIsRefused) {
  EXPECT_THAT(SharedFileName("c1", 1, GetParam()),
              HasError(ErrorKind::kUsage, "is not an absolute path that ends in a name"));
}

INSTANTIATE_TEST_SUITE_P(Paths, SharedFileDestination,
                         testing::Values("", "/", "//", "hosts", "./hosts", "/etc/.", "/etc/..",
                                         "/etc/../"));

TEST(SharedFileName, RefusesWhatCannotBeRecorded) {
  EXPECT_THAT(SharedFileName("c1", 1, "/etc/\xff"), HasError(ErrorKind::kUsage, "is no UTF-8"));
}

TEST(SharedFileName, IsNeverLongerThanAFilesName) {
  const std::string longest(kMaxFileNameBytes - std::string_view("c1-0000000000000001-").size(),
                            'x');
  EXPECT_EQ(SharedFileName("c1", 1, "/" + longest)->size(), kMaxFileNameBytes);
  EXPECT_THAT(SharedFileName("c1", 1, "/" + longest + "x"),
              HasError(ErrorKind::kUsage, "more than 235 bytes"));
  EXPECT_THAT(SharedFileName(std::string(128, 'c'), 1, "/" + longest),
              HasError(ErrorKind::kUsage, "more than 109 bytes"));
}

TEST(SharedFileName, IsKnownAsItsContainers) {
  EXPECT_TRUE(IsSharedFileName("c1", *SharedFileName("c1", 0xfedcba9876543210, "/etc/hosts")));
  EXPECT_TRUE(IsSharedFileName("c1", "c1-0123456789abcdef-x"));
}

class NameOfSomethingElse : public testing::TestWithParam<std::string_view> {};

TEST_P(NameOfSomethingElse, IsNotKnown) {
  EXPECT_FALSE(IsSharedFileName("c1", GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Names, NameOfSomethingElse,
                         testing::Values("", "c1", "c2", "sandbox-mounts", "c1-0123456789abcdef",
                                         "c1-0123456789abcdef-", "c1-0123456789abcde-x",
                                         "c1-0123456789abcdeF-x", "c1-0123456789abcdefx",
                                         "c2-0123456789abcdef-x", "c11-0123456789abcdef-x",
                                         "c1-0123456789abcdef-x/../../c2",
                                         std::string_view("c1-0123456789abcdef-x\0y", 23)));

TEST(SharedFileName, IsFoundInEitherPath) {
  EXPECT_EQ(NameOfSharedFile("c1-1-x", kSubmounts), "c1-1-x");
  EXPECT_EQ(NameOfSharedFile("/run/kata-containers/shared/containers/c1-1-x", kSubmounts),
            "c1-1-x");
  EXPECT_EQ(NameOfSharedFile(std::string(kSubmounts) + "/c1-1-x", kSubmounts), "c1-1-x");
}

TEST(SharedFileName, IsNotFoundInAnotherPath) {
  for (const std::string_view path :
       {"/etc/hosts", "./c1-1-x", "/run/kata-containers/shared/containers/",
        "/run/kata-containers/shared/containers/c1-1-x/y",
        "/run/kata-containers/shared/containers-c1-1-x"}) {
    EXPECT_EQ(NameOfSharedFile(path, kSubmounts), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace nydus
