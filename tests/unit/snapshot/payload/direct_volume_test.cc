// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/direct_volume.h"

#include <string>

#include <gtest/gtest.h>

#include "snapshot/payload/json_text.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr JsonDialect kBothDialects[] = {JsonDialect::kGo, JsonDialect::kRust};

DirectVolume Disk() {
  return {.volume_type = "block",
          .device = "/dev/vda",
          .fs_type = "ext4",
          .metadata = {{"fsGroup", "1000"}, {"createFilesystem", "true"}},
          .options = {"ro", "noatime"}};
}

constexpr const char* kDiskText =
    R"({"volume-type":"block","device":"/dev/vda","fstype":"ext4",)"
    R"("metadata":{"createFilesystem":"true","fsGroup":"1000"},"options":["ro","noatime"]})";

TEST(DirectVolumeFile, IsReadAlikeInBothDialects) {
  for (const JsonDialect dialect : kBothDialects) {
    EXPECT_EQ(ParseDirectVolume(kDiskText, {.dialect = dialect}), Disk());
  }
}

TEST(DirectVolumeFile, IsWrittenAsGoDoes) {
  EXPECT_EQ(FormatDirectVolume(Disk()), kDiskText);
}

TEST(DirectVolumeFile, LeavesOutEmptyMetadataAndOptions) {
  const DirectVolume volume{.volume_type = "block", .device = "/dev/vda", .fs_type = ""};
  const std::string text = R"({"volume-type":"block","device":"/dev/vda","fstype":""})";
  EXPECT_EQ(FormatDirectVolume(volume), text);
  for (const JsonDialect dialect : kBothDialects) {
    EXPECT_EQ(ParseDirectVolume(text, {.dialect = dialect}), volume);
  }
}

TEST(DirectVolumeFile, MayLackEveryMemberInGo) {
  EXPECT_EQ(ParseDirectVolume("{}", {.dialect = JsonDialect::kGo}), DirectVolume());
  EXPECT_EQ(ParseDirectVolume("null", {.dialect = JsonDialect::kGo}), DirectVolume());
}

TEST(DirectVolumeFile, NeedsItsFirstThreeMembersInRust) {
  EXPECT_THAT(ParseDirectVolume(R"({"device":"d","fstype":"f"})", {.dialect = JsonDialect::kRust}),
              HasError(ErrorKind::kUsage, "volume-type: is missing"));
  EXPECT_THAT(
      ParseDirectVolume(R"({"volume-type":"t","fstype":"f"})", {.dialect = JsonDialect::kRust}),
      HasError(ErrorKind::kUsage, "device: is missing"));
  EXPECT_THAT(
      ParseDirectVolume(R"({"volume-type":"t","device":"d"})", {.dialect = JsonDialect::kRust}),
      HasError(ErrorKind::kUsage, "fstype: is missing"));
  EXPECT_THAT(ParseDirectVolume("null", {.dialect = JsonDialect::kRust}),
              HasError(ErrorKind::kUsage, "is not a JSON object"));
}

TEST(DirectVolumeFile, NullEmptiesMetadataInGoAndIsRefusedInRust) {
  constexpr const char* kText =
      R"({"volume-type":"t","device":"d","fstype":"f","metadata":{"a":"b"},"metadata":null})";
  const Result<DirectVolume> volume = ParseDirectVolume(kText, {.dialect = JsonDialect::kGo});
  ASSERT_THAT(volume, IsOk());
  EXPECT_EQ(volume->metadata, JsonMap());
  EXPECT_THAT(ParseDirectVolume(kText, {.dialect = JsonDialect::kRust}),
              HasError(ErrorKind::kUsage, "metadata: is given twice"));
}

TEST(DirectVolumeFile, SecondMetadataIsMergedIntoTheFirstInGo) {
  const Result<DirectVolume> volume = ParseDirectVolume(
      R"({"metadata":{"a":"1","b":"2"},"METADATA":{"b":"3"}})", {.dialect = JsonDialect::kGo});
  ASSERT_THAT(volume, IsOk());
  EXPECT_EQ(volume->metadata, (JsonMap{{"a", "1"}, {"b", "3"}}));
}

TEST(DirectVolumeFile, WrongTypesAreNamed) {
  EXPECT_THAT(ParseDirectVolume(R"({"device":1})", {.dialect = JsonDialect::kGo}),
              HasError(ErrorKind::kUsage, "device: is not a string"));
  EXPECT_THAT(ParseDirectVolume(R"({"metadata":{"a":1}})", {.dialect = JsonDialect::kGo}),
              HasError(ErrorKind::kUsage, "metadata: is not an object of strings"));
  EXPECT_THAT(ParseDirectVolume(R"({"options":"ro"})", {.dialect = JsonDialect::kGo}),
              HasError(ErrorKind::kUsage, "options: is not a list of strings"));
  EXPECT_THAT(ParseDirectVolume("{", {.dialect = JsonDialect::kGo}),
              HasError(ErrorKind::kUsage, "not JSON"));
}

TEST(DirectVolumeFile, HasALimit) {
  std::string text = "{}";
  text.resize(kMaxPayloadBytes, ' ');
  EXPECT_THAT(ParseDirectVolume(text, {.dialect = JsonDialect::kGo}), IsOk());
  text += ' ';
  EXPECT_THAT(ParseDirectVolume(text, {.dialect = JsonDialect::kGo}),
              HasError(ErrorKind::kUsage, "is longer than 131072 bytes"));
}

TEST(MountInfoPath, IsTheVolumePathInPaddedBase64ForFileNames) {
  EXPECT_EQ(MountInfoPath("/a/b"), "L2EvYg==/mountInfo.json");
  EXPECT_EQ(MountInfoPath("/\xC3\xBF\xC3\xBE"), "L8O_w74=/mountInfo.json");
  EXPECT_EQ(MountInfoPath("~~>"), "fn4-/mountInfo.json");
}

TEST(MountInfoPath, TakesTheVolumePathAsItIs) {
  EXPECT_NE(MountInfoPath("/a/b/"), MountInfoPath("/a/b"));
}

TEST(MountInfoPath, HasAFileNameThatTheKernelTakes) {
  const Result<std::string> longest = MountInfoPath(std::string(kMaxVolumePathBytes, 'a'));
  ASSERT_THAT(longest, IsOk());
  EXPECT_EQ(longest->find('/'), 252U);
  EXPECT_THAT(MountInfoPath(std::string(kMaxVolumePathBytes + 1, 'a')),
              HasError(ErrorKind::kUsage, "volume path: is longer than 189 bytes"));
  EXPECT_THAT(MountInfoPath(""), HasError(ErrorKind::kUsage, "volume path: is empty"));
}

}  // namespace
}  // namespace nydus
