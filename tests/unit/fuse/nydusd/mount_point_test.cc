// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/mount_point.h"

#include <string>

#include <gtest/gtest.h>

#include "base/identifier.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

struct Path {
  const char* name;
  std::string text;
  bool good = false;
};

TEST(RafsMountPoint, IsThatOfKata) {
  EXPECT_EQ(RafsMountPoint("0123abc"), "/rafs/0123abc/lowerdir");
  EXPECT_EQ(kPassthroughMountPoint, "/containers");
}

// What stands for the container in the cases of Kata's Test_nydusd_checkRafsMountPointValid, and
// what else its expression takes, or might, because it is not anchored. Its paths without a place
// for a container (/, /rafs, /xxxx, /rafs/aaaaa/xxxx, an empty one) cannot be made.
const Path kContainers[] = {
    {"OfKata", "xxxxaaa", true},
    {"Empty", ""},
    {"DotsAndDashes", "a.b-c_D9", true},
    {"Parent", ".."},
    {"Self", "."},
    {"BeginsWithDot", ".a"},
    {"ParentsBehind", "a/lowerdir/../.."},
    {"Absolute", "/a"},
    {"SlashBehind", "a/"},
    {"TwoComponents", "a/b"},
    {"Comma", "a,b"},
    {"Plus", "a+b"},
    {"LineBreak", "a\n"},
    {"Query", "a&x="},
    {"Longest", std::string(128, 'a'), true},
    {"TooLong", std::string(129, 'a')},
};

class ContainerInMountPoint : public testing::TestWithParam<Path> {};

TEST_P(ContainerInMountPoint, IsAnIdentifier) {
  EXPECT_EQ(IsIdentifier(GetParam().text), GetParam().good);
  if (!GetParam().good) return;
  EXPECT_THAT(CheckMountPoint(RafsMountPoint(GetParam().text)), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Containers, ContainerInMountPoint, testing::ValuesIn(kContainers),
                         NameOfCase());

const Path kPaths[] = {
    {"OneComponent", "/a", true},
    {"AnyBytesOfUtf8", "/a b/%2F/ä+#&?", true},
    {"DotsInNames", "/..a/b../...", true},
    {"Empty", ""},
    {"Relative", "a"},
    {"Root", "/"},
    {"DoubledSlash", "/a//b"},
    {"SlashBehind", "/a/"},
    {"Self", "/a/./b"},
    {"Parent", "/a/../b"},
    {"ParentBehind", "/a/.."},
    {"LineBreak", "/a\nb"},
    {"Nul", std::string("/a\0b", 4)},
    {"Delete", "/a\x7f"},
    {"NoUtf8", "/a\xff"},
};

class MountPoint : public testing::TestWithParam<Path> {};

TEST_P(MountPoint, IsChecked) {
  if (GetParam().good) {
    EXPECT_THAT(CheckMountPoint(GetParam().text), IsOk());
  } else {
    EXPECT_THAT(CheckMountPoint(GetParam().text), HasError(ErrorKind::kUsage, "mount point "));
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, MountPoint, testing::ValuesIn(kPaths), NameOfCase());

TEST(PercentEncode, LeavesUnreservedBytesAndSlashes) {
  EXPECT_EQ(PercentEncode("/AZaz09-._~"), "/AZaz09-._~");
}

TEST(PercentEncode, EncodesEveryOtherByte) {
  EXPECT_EQ(PercentEncode(" %+#&?=\"<>\n"), "%20%25%2B%23%26%3F%3D%22%3C%3E%0A");
  EXPECT_EQ(PercentEncode("\xC3\xA4"), "%C3%A4");
}

}  // namespace
}  // namespace nydus
