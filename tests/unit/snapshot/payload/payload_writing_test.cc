// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "snapshot/payload/dm_verity.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/payload/reading.h"

// The texts below are what json.Marshal makes of the same values in nydus-snapshotter v0.16.1.
namespace nydus {
namespace {

constexpr const char* kBaseVerityText =
    R"({"hashtype":"sha256",)"
    R"("hash":"9de18652fe74edfb9b805aaed72ae2aa48f94333f1ba5c452ac33b1c39325174",)"
    R"("blocknum":16384,"blocksize":512,"hashsize":512,"offset":8388608})";

TEST(ExtraOptionWriting, HasAllMembersEvenIfEmpty) {
  EXPECT_EQ(FormatExtraOption({}), R"({"source":"","config":"","snapshotdir":"","fs_version":""})");
}

TEST(ExtraOptionWriting, KeepsTheOrderAndEscapesTheConfiguration) {
  EXPECT_EQ(FormatExtraOption({.source = "/snapshots/9/fs/image/image.boot",
                               .config = R"({"proxy":{"url":"http://p?a=1&b=<2>"}})",
                               .snapshot_dir = "/snapshots/257",
                               .fs_version = "v5"}),
            R"({"source":"/snapshots/9/fs/image/image.boot",)"
            R"("config":"{\"proxy\":{\"url\":\"http://p?a=1\u0026b=\u003c2\u003e\"}}",)"
            R"("snapshotdir":"/snapshots/257","fs_version":"v5"})");
}

TEST(DmVerityWriting, HasAllMembersThatGoKnows) {
  EXPECT_EQ(FormatDmVerity(BaseVerity()), kBaseVerityText);
  EXPECT_EQ(FormatDmVerity({}),
            R"({"hashtype":"","hash":"","blocknum":0,"blocksize":0,"hashsize":0,"offset":0})");
}

TEST(DmVerityWriting, PutsWhatOnlyKataTypesKnowsBehind) {
  const DmVerity verity{.salt = "ab", .hash_type = 0, .no_superblock = true};
  EXPECT_EQ(FormatDmVerity(verity),
            R"({"hashtype":"","hash":"","blocknum":0,"blocksize":0,"hashsize":0,"offset":0,)"
            R"("salt":"ab","hash_type":0,"no_superblock":true})");
}

TEST(DmVerityWriting, TellsAnEmptySaltFromNone) {
  DmVerity verity = BaseVerity();
  verity.salt = "";
  EXPECT_TRUE(FormatDmVerity(verity).ends_with(R"(,"offset":8388608,"salt":""})"));
}

struct Written {
  const char* name;
  KataVolume volume;
  std::string text;
};

std::vector<Written> WrittenVolumes() {
  const KataVolume::Metadata metadata{JsonMap{{"b", "2"}, {"a", "1"}}};
  const KataVolume::NydusImage image{.config = "{}", .snapshot_dir = "/s"};
  return {
      {"DirectBlock",
       {.volume_type = "direct_block",
        .source = "/dev/sdb",
        .fs_type = "ext4",
        .options = {"rw", "noatime"},
        .direct_volume = metadata},
       R"({"volume_type":"direct_block","source":"/dev/sdb","fs_type":"ext4",)"
       R"("options":["rw","noatime"],"direct_volume":{"metadata":{"a":"1","b":"2"}}})"},
      {"ImageRawBlock",
       {.volume_type = "image_raw_block",
        .source = "/disk",
        .fs_type = "erofs",
        .options = {"ro"},
        .dm_verity = BaseVerity()},
       R"({"volume_type":"image_raw_block","source":"/disk","fs_type":"erofs",)"
       R"("options":["ro"],"dm_verity":)" +
           std::string(kBaseVerityText) + "}"},
      {"LayerRawBlock",
       {.volume_type = "layer_raw_block", .source = "/disk", .fs_type = "erofs"},
       R"({"volume_type":"layer_raw_block","source":"/disk","fs_type":"erofs"})"},
      {"ImageNydusBlock",
       {.volume_type = "image_nydus_block", .source = "/boot", .nydus_image = image},
       R"({"volume_type":"image_nydus_block","source":"/boot",)"
       R"("nydus_image":{"config":"{}","snapshot_dir":"/s"}})"},
      {"LayerNydusBlock",
       {.volume_type = "layer_nydus_block",
        .source = "/boot",
        .nydus_image = KataVolume::NydusImage{}},
       R"({"volume_type":"layer_nydus_block","source":"/boot",)"
       R"("nydus_image":{"config":"","snapshot_dir":""}})"},
      {"ImageNydusFs",
       {.volume_type = "image_nydus_fs",
        .source = "/boot",
        .fs_type = "rafsv6",
        .nydus_image = image},
       R"({"volume_type":"image_nydus_fs","source":"/boot","fs_type":"rafsv6",)"
       R"("nydus_image":{"config":"{}","snapshot_dir":"/s"}})"},
      {"LayerNydusFs",
       {.volume_type = "layer_nydus_fs", .source = "/boot"},
       R"({"volume_type":"layer_nydus_fs","source":"/boot"})"},
      {"ImageGuestPull",
       {.volume_type = "image_guest_pull", .options = {"b=2", "a=1"}, .image_pull = metadata},
       R"({"volume_type":"image_guest_pull","options":["b=2","a=1"],)"
       R"("image_pull":{"metadata":{"a":"1","b":"2"}}})"},
      {"AbsentMetadataIsNull",
       {.volume_type = "image_guest_pull",
        .direct_volume = KataVolume::Metadata{},
        .image_pull = KataVolume::Metadata{JsonMap{}}},
       R"({"volume_type":"image_guest_pull","direct_volume":{"metadata":null},)"
       R"("image_pull":{"metadata":{}}})"},
      // kata-types: test_virtual_volume_json.
      {"NewDirectBlockOfKataTypes",
       {.volume_type = "direct_block"},
       R"({"volume_type":"direct_block"})"},
      {"Nothing", {}, R"({"volume_type":""})"},
  };
}

class KataVolumeWriting : public testing::TestWithParam<Written> {};

TEST_P(KataVolumeWriting, IsWhatGoWrites) {
  EXPECT_EQ(FormatKataVolume(GetParam().volume), GetParam().text);
}

TEST_P(KataVolumeWriting, IsReadBackTheSame) {
  EXPECT_EQ(ReadVolume(FormatKataVolume(GetParam().volume), JsonDialect::kGo), GetParam().volume);
}

INSTANTIATE_TEST_SUITE_P(Go, KataVolumeWriting, testing::ValuesIn(WrittenVolumes()), NameOfCase());

// A member that a type has no use for is written all the same.
TEST(KataVolumeWriting, KeepsEveryMember) {
  DmVerity verity = BaseVerity();
  verity.salt = "00ff";
  verity.hash_type = 0;
  verity.no_superblock = true;
  const KataVolume volume{
      .volume_type = "of tomorrow",
      .source = "\n",
      .fs_type = "\u2028",
      .options = {"", "<"},
      .direct_volume = KataVolume::Metadata{JsonMap{{"", "\\"}}},
      .image_pull = KataVolume::Metadata{JsonMap{}},
      .nydus_image = KataVolume::NydusImage{.config = "\"", .snapshot_dir = "&"},
      .dm_verity = verity};
  EXPECT_EQ(ReadVolume(FormatKataVolume(volume), JsonDialect::kGo), volume);
  EXPECT_EQ(ReadVolume(FormatKataVolume(volume), JsonDialect::kRust), volume);
}

}  // namespace
}  // namespace nydus
