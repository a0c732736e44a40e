// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/kata_volume.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/payload/reading.h"

namespace nydus {
namespace {

struct TypeName {
  const char* name;
  const char* word;
  KataVolumeType type;
};

constexpr TypeName kTypes[] = {
    {"DirectBlock", "direct_block", KataVolumeType::kDirectBlock},
    {"ImageRawBlock", "image_raw_block", KataVolumeType::kImageRawBlock},
    {"LayerRawBlock", "layer_raw_block", KataVolumeType::kLayerRawBlock},
    {"ImageNydusBlock", "image_nydus_block", KataVolumeType::kImageNydusBlock},
    {"LayerNydusBlock", "layer_nydus_block", KataVolumeType::kLayerNydusBlock},
    {"ImageNydusFs", "image_nydus_fs", KataVolumeType::kImageNydusFs},
    {"LayerNydusFs", "layer_nydus_fs", KataVolumeType::kLayerNydusFs},
    {"ImageGuestPull", "image_guest_pull", KataVolumeType::kImageGuestPull},
};

class KataVolumeTypes : public testing::TestWithParam<TypeName> {};

TEST_P(KataVolumeTypes, AreKnownByName) {
  EXPECT_EQ(ParseKataVolumeType(GetParam().word), GetParam().type);
  EXPECT_EQ(KataVolumeTypeName(GetParam().type), GetParam().word);
}

TEST_P(KataVolumeTypes, StandAloneInTheSmallestVolume) {
  const std::string json = R"({"volume_type":")" + std::string(GetParam().word) + R"("})";
  const KataVolume expected{.volume_type = GetParam().word};
  EXPECT_EQ(ReadVolume(json, JsonDialect::kGo), expected);
  EXPECT_EQ(ReadVolume(json, JsonDialect::kRust), expected);
}

INSTANTIATE_TEST_SUITE_P(Kata, KataVolumeTypes, testing::ValuesIn(kTypes), NameOfCase());

TEST(KataVolumeTypes, OtherNamesAreUnknown) {
  for (const char* word :
       {"", "direct", "Direct_Block", "direct_block ", "image_nydus", "direct-block", "overlay"}) {
    SCOPED_TRACE(word);
    EXPECT_EQ(ParseKataVolumeType(word), std::nullopt);
  }
}

// What the snapshotter, the Go runtime's tests and kata-types' tests put into a volume of each
// type.
struct Sample {
  const char* name;
  const char* json;
  KataVolume volume;
};

DmVerity SampleVerity() {
  return {.hash_algorithm = "sha256",
          .root_hash = "ffa32822f397baa5c61806aece6886253bcada065ab30deb8476eafdb7b53aef",
          .data_blocks = 13060,
          .data_block_size = 512,
          .hash_block_size = 4096,
          .hash_offset = 6688768};
}

KataVolume::Metadata MetadataOf(JsonMap map) {
  return {.metadata = std::move(map)};
}

std::vector<Sample> Samples() {
  return {
      {"DirectBlock",
       R"({"volume_type":"direct_block","source":"/dev/sdb","fs_type":"ext4","options":["rw"],)"
       R"("direct_volume":{"metadata":{"mode":"rw"}}})",
       {.volume_type = "direct_block",
        .source = "/dev/sdb",
        .fs_type = "ext4",
        .options = {"rw"},
        .direct_volume = MetadataOf({{"mode", "rw"}})}},
      {"ImageRawBlock",
       R"({"volume_type":"image_raw_block","source":"/cache/image.disk","fs_type":"erofs",)"
       R"("options":["ro"],"dm_verity":{"hashtype":"sha256","hash":)"
       R"("ffa32822f397baa5c61806aece6886253bcada065ab30deb8476eafdb7b53aef",)"
       R"("blocknum":13060,"blocksize":512,"hashsize":4096,"offset":6688768}})",
       {.volume_type = "image_raw_block",
        .source = "/cache/image.disk",
        .fs_type = "erofs",
        .options = {"ro"},
        .dm_verity = SampleVerity()}},
      {"LayerRawBlock",
       R"({"volume_type":"layer_raw_block","source":"/cache/layer.disk","fs_type":"erofs",)"
       R"("options":["ro"]})",
       {.volume_type = "layer_raw_block",
        .source = "/cache/layer.disk",
        .fs_type = "erofs",
        .options = {"ro"}}},
      {"ImageNydusBlock",
       R"({"volume_type":"image_nydus_block","source":"/dev/sdc","fs_type":"rafsv6",)"
       R"("nydus_image":{"config":"{}","snapshot_dir":"/snapshots/3"}})",
       {.volume_type = "image_nydus_block",
        .source = "/dev/sdc",
        .fs_type = "rafsv6",
        .nydus_image = KataVolume::NydusImage{"{}", "/snapshots/3"}}},
      {"LayerNydusBlock",
       R"({"volume_type":"layer_nydus_block","source":"/dev/sdc","nydus_image":{"config":"{}"}})",
       {.volume_type = "layer_nydus_block",
        .source = "/dev/sdc",
        .nydus_image = KataVolume::NydusImage{"{}", ""}}},
      {"ImageNydusFs",
       R"({"volume_type":"image_nydus_fs","source":"/image.boot","fs_type":"rafsv5",)"
       R"("nydus_image":{"config":"{}","snapshot_dir":"/snapshots/9"}})",
       {.volume_type = "image_nydus_fs",
        .source = "/image.boot",
        .fs_type = "rafsv5",
        .nydus_image = KataVolume::NydusImage{"{}", "/snapshots/9"}}},
      {"LayerNydusFs",
       R"({"volume_type":"layer_nydus_fs","source":"/image.boot",)"
       R"("nydus_image":{"snapshot_dir":"/snapshots/9"}})",
       {.volume_type = "layer_nydus_fs",
        .source = "/image.boot",
        .nydus_image = KataVolume::NydusImage{"", "/snapshots/9"}}},
      {"ImageGuestPull",
       R"({"volume_type":"image_guest_pull","source":"dummy-image-reference","options":["a=b"],)"
       R"("image_pull":{"metadata":{"a":"b"}}})",
       {.volume_type = "image_guest_pull",
        .source = "dummy-image-reference",
        .options = {"a=b"},
        .image_pull = MetadataOf({{"a", "b"}})}},
      {"ImageGuestPullWithEmptyMetadata",
       R"({"volume_type":"image_guest_pull","image_pull":{"metadata":{}}})",
       {.volume_type = "image_guest_pull", .image_pull = MetadataOf({})}},
      {"ImageGuestPullWithoutMetadata",
       R"({"volume_type":"image_guest_pull","image_pull":{}})",
       {.volume_type = "image_guest_pull", .image_pull = KataVolume::Metadata()}},
      {"DirectBlockWithFurtherObjects",
       R"({"volume_type":"direct_block","source":"/tmp","fs_type":"ext4","options":["rw"],)"
       R"("nydus_image":{"config":"test_config","snapshot_dir":"test_dir"},)"
       R"("direct_volume":{"metadata":{"mode":"rw"}}})",
       {.volume_type = "direct_block",
        .source = "/tmp",
        .fs_type = "ext4",
        .options = {"rw"},
        .direct_volume = MetadataOf({{"mode", "rw"}}),
        .nydus_image = KataVolume::NydusImage{"test_config", "test_dir"}}},
      {"UnknownType",
       R"({"volume_type":"newer","source":"x"})",
       {.volume_type = "newer", .source = "x"}},
  };
}

class KataVolumeSamples : public testing::TestWithParam<Sample> {};

TEST_P(KataVolumeSamples, AreReadAlikeInBothDialects) {
  EXPECT_EQ(ReadVolume(GetParam().json, JsonDialect::kGo), GetParam().volume);
  EXPECT_EQ(ReadVolume(GetParam().json, JsonDialect::kRust), GetParam().volume);
}

TEST_P(KataVolumeSamples, HoldNothingOdd) {
  JsonOddities oddities;
  EXPECT_THAT(ReadVolume(GetParam().json, JsonDialect::kGo, &oddities), IsOk());
  EXPECT_FALSE(oddities.unknown_key);
  EXPECT_FALSE(oddities.duplicate_key);
}

INSTANTIATE_TEST_SUITE_P(Kata, KataVolumeSamples, testing::ValuesIn(Samples()), NameOfCase());

TEST(KataVolume, KeysOfAnExtraOptionAreNotItsOwn) {
  JsonOddities oddities;
  // The directory is called `snapshot_dir` here and `snapshotdir` in an extra option.
  const Result<KataVolume> volume = ReadVolume(
      R"({"volume_type":"a","nydus_image":{"snapshotdir":"/x"}})", JsonDialect::kGo, &oddities);
  ASSERT_THAT(volume, IsOk());
  EXPECT_EQ(volume->nydus_image->snapshot_dir, "");
  EXPECT_TRUE(oddities.unknown_key);
}

bool LooksLikeVolume(std::string_view json) {
  const Result<JsonValue> value = ParseJson(json);
  EXPECT_THAT(value, IsOk()) << json;
  return value && LooksLikeKataVolume(*value);
}

TEST(KataVolume, IsRecognisedByItsTypeKey) {
  EXPECT_TRUE(LooksLikeVolume(R"({"volume_type":"image_raw_block"})"));
  EXPECT_TRUE(LooksLikeVolume(R"({"source":"/a","volume_type":null})"));
}

TEST(KataVolume, IsNotRecognisedInAnythingElse) {
  for (const char* json : {R"({"source":"/a","config":"{}","snapshotdir":"/b"})",
                           R"({"config":"volume_type"})", R"(["volume_type"])", "{}", "null"}) {
    SCOPED_TRACE(json);
    EXPECT_FALSE(LooksLikeVolume(json));
  }
}

}  // namespace
}  // namespace nydus
