// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/lower_directories.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;

TEST(LowerDirectories, AreSplitAtColonsTopFirst) {
  const auto layers = ParseLowerDirectories("/a:/b/c:d");
  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT(*layers, ElementsAre(Layer{"/a"}, Layer{"/b/c"}, Layer{"d"}));
}

TEST(LowerDirectories, LoseTheirEscapes) {
  const auto layers = ParseLowerDirectories(R"(/a\:b:/c\,d:/e\\f)");
  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT(*layers, ElementsAre(Layer{"/a:b"}, Layer{"/c,d"}, Layer{R"(/e\f)"}));
}

TEST(LowerDirectories, BehindTwoColonsHoldDataOnly) {
  const auto layers = ParseLowerDirectories("/a:/b::/c::/d");
  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT(*layers, ElementsAre(Layer{"/a"}, Layer{"/b"}, Layer{"/c", true}, Layer{"/d", true}));
}

TEST(LowerDirectories, EmptyOnesAreNamed) {
  EXPECT_THAT(ParseLowerDirectories(""), HasError(ErrorKind::kMount, "layer 1 is empty"));
  EXPECT_THAT(ParseLowerDirectories(":/a"), HasError(ErrorKind::kMount, "layer 1 is empty"));
  EXPECT_THAT(ParseLowerDirectories("/a:"), HasError(ErrorKind::kMount, "layer 2 is empty"));
  EXPECT_THAT(ParseLowerDirectories("/a:::/b"), HasError(ErrorKind::kMount, "layer 2 is empty"));
}

TEST(LowerDirectories, OrdinaryOneBelowDataOnlyIsRefused) {
  EXPECT_THAT(ParseLowerDirectories("/a::/b:/c"), HasError(ErrorKind::kMount, "layer 3"));
}

TEST(LowerDirectories, DescriptorsAreRefused) {
  EXPECT_THAT(ParseLowerDirectories("/a:/proc/self/fd/3"), HasError(ErrorKind::kMount, "layer 2"));
  EXPECT_THAT(ParseLowerDirectories("/a://proc//self/fd/3"),
              HasError(ErrorKind::kMount, "layer 2"));
  EXPECT_THAT(ParseLowerDirectories("/dev/fd/3:/a"), HasError(ErrorKind::kMount, "descriptor"));
}

TEST(LowerDirectories, FiveHundredAreTheLimit) {
  std::string value = "/l0";
  for (std::size_t i = 1; i < kMaxLayers; ++i) value += ":/l" + std::to_string(i);
  EXPECT_THAT(ParseLowerDirectories(value), IsOk());
  EXPECT_THAT(ParseLowerDirectories(value + ":/more"), HasError(ErrorKind::kMount, "500"));
}

TEST(LowerDirectories, FormattingIsUndoneByParsing) {
  const std::vector<Layer> layers = {{"/a:b"}, {"/c,\\d"}, {"/e\nf", true}};
  EXPECT_THAT(*ParseLowerDirectories(FormatLowerDirectories(layers)), layers);
}

TEST(CommonParent, IsTheDeepestDirectoryAboveAll) {
  EXPECT_EQ(CommonParent({{"/s/1/fs"}, {"/s/2/fs"}}), "/s");
  EXPECT_EQ(CommonParent({{"/s/12"}, {"/s/1"}}), "/s");
  EXPECT_EQ(CommonParent({{"/a"}, {"/b"}}), "/");
}

TEST(CommonParent, IsNeverALayerItself) {
  EXPECT_EQ(CommonParent({{"/s/a"}, {"/s/a/b"}}), "/s");
  EXPECT_EQ(CommonParent({{"/s/a/b"}, {"/s/a/"}}), "/s");
  EXPECT_EQ(CommonParent({{"/s/a"}}), "/s");
  EXPECT_EQ(CommonParent({{"/"}, {"/a"}}), "/");
}

TEST(CommonParent, IsEmptyForRelativeLayers) {
  EXPECT_EQ(CommonParent({{"/a"}, {"b"}}), "");
  EXPECT_EQ(CommonParent({}), "");
}

TEST(RelativeTo, TakesTheDirectoryOff) {
  EXPECT_EQ(RelativeTo("/s/1/fs", "/s"), "1/fs");
  EXPECT_EQ(RelativeTo("/s//1", "/s"), "1");
  EXPECT_EQ(RelativeTo("/a", "/"), "a");
}

TEST(RelativeTo, LeavesOtherPathsAlone) {
  EXPECT_EQ(RelativeTo("/sx/1", "/s"), "/sx/1");
  EXPECT_EQ(RelativeTo("/s", "/s"), "/s");
  EXPECT_EQ(RelativeTo("/", "/"), "/");
}

}  // namespace
}  // namespace nydus
