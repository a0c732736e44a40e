// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/mount_point.h"

#include <string>

#include <gtest/gtest.h>

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

// The first seven are the cases of Kata's Test_nydusd_checkRafsMountPointValid; the rest is what
// its expression takes, or might, because it is not anchored.
const Path kKataPaths[] = {
    {"Rafs", "/rafs/xxxxaaa/lowerdir", true},
    {"Root", "/"},
    {"RafsAlone", "/rafs"},
    {"OtherDirectory", "/xxxx"},
    {"OtherName", "/rafs/aaaaa/xxxx"},
    {"NoContainer", "/rafs//lowerdir"},
    {"Empty", ""},
    {"Containers", "/containers", true},
    {"IdentifierWithDotsAndDashes", "/rafs/a.b-c_D9/lowerdir", true},
    {"ContainerIsParent", "/rafs/../lowerdir"},
    {"ContainerIsSelf", "/rafs/./lowerdir"},
    {"ContainerBeginsWithDot", "/rafs/.a/lowerdir"},
    {"SomethingBefore", "/x/rafs/a/lowerdir"},
    {"ParentsBehind", "/x/rafs/a/lowerdir/../.."},
    {"SomethingBehind", "/rafs/a/lowerdir/b"},
    {"SlashBehind", "/rafs/a/lowerdir/"},
    {"Comma", "/rafs/a,b/lowerdir"},
    {"Plus", "/rafs/a+b/lowerdir"},
    {"TwoComponents", "/rafs/a/b/lowerdir"},
    {"LineBreak", "/rafs/a\n/lowerdir"},
    {"Query", "/rafs/a&x=/lowerdir"},
    {"PrefixAndSuffixShareASlash", "/rafs/lowerdir"},
    {"BelowContainers", "/containers/a"},
    {"LongestContainer", "/rafs/" + std::string(128, 'a') + "/lowerdir", true},
    {"ContainerTooLong", "/rafs/" + std::string(129, 'a') + "/lowerdir"},
};

class KataMountPoint : public testing::TestWithParam<Path> {};

TEST_P(KataMountPoint, IsToldByItsWholeText) {
  EXPECT_EQ(IsKataMountPoint(GetParam().text), GetParam().good);
}

INSTANTIATE_TEST_SUITE_P(Paths, KataMountPoint, testing::ValuesIn(kKataPaths), NameOfCase());

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
