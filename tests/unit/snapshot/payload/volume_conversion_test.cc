// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/volume_conversion.h"

#include <string>

#include <gtest/gtest.h>

#include "snapshot/payload/volume_validation.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/payload/reading.h"

namespace nydus {
namespace {

// kata-types: test_try_from_direct_volume.
DirectVolume DirectVolumeOfKataTypes() {
  return {.volume_type = "block",
          .device = "/dev/vda",
          .fs_type = "ext4",
          .metadata = {{"mode", "rw"}},
          .options = {"ro"}};
}

TEST(VolumeOfDirectVolume, HasWhatKataTypesCopies) {
  const KataVolume expected{.volume_type = "direct_block",
                            .source = "/dev/vda",
                            .fs_type = "ext4",
                            .options = {"ro"},
                            .direct_volume = KataVolume::Metadata{JsonMap{{"mode", "rw"}}}};
  EXPECT_EQ(KataVolumeOf(DirectVolumeOfKataTypes()), expected);
}

TEST(VolumeOfDirectVolume, NeedsTheTypeBlock) {
  for (const char* type : {"unknown", "", "Block", "direct_block"}) {
    DirectVolume volume = DirectVolumeOfKataTypes();
    volume.volume_type = type;
    EXPECT_THAT(KataVolumeOf(volume), HasError(ErrorKind::kUsage, "volume-type: is not block"));
  }
}

TEST(VolumeOfDirectVolume, HasMetadataEvenIfThereIsNoneSoThatGoAcceptsIt) {
  const Result<KataVolume> volume =
      KataVolumeOf(DirectVolume{.volume_type = "block", .device = "/dev/vda"});
  ASSERT_THAT(volume, IsOk());
  EXPECT_THAT(ValidateForSnapshotter(*volume), IsOk());
}

TEST(DirectVolumeOfVolume, IsTheOneItCameFrom) {
  for (const DirectVolume& direct :
       {DirectVolumeOfKataTypes(), DirectVolume{.volume_type = "block"}}) {
    const Result<KataVolume> volume = KataVolumeOf(direct);
    ASSERT_THAT(volume, IsOk());
    EXPECT_EQ(DirectVolumeOf(*volume), direct);
  }
}

TEST(DirectVolumeOfVolume, MayLackMetadata) {
  const DirectVolume expected{.volume_type = "block", .device = "/dev/vda"};
  KataVolume volume{.volume_type = "direct_block", .source = "/dev/vda"};
  EXPECT_EQ(DirectVolumeOf(volume), expected);
  volume.direct_volume = KataVolume::Metadata{};
  EXPECT_EQ(DirectVolumeOf(volume), expected);
}

TEST(DirectVolumeOfVolume, NeedsTheTypeDirectBlock) {
  for (const char* type : {"image_raw_block", "", "block"}) {
    EXPECT_THAT(DirectVolumeOf(KataVolume{.volume_type = type}),
                HasError(ErrorKind::kUsage, "volume_type: is not direct_block"));
  }
}

TEST(DirectVolumeOfVolume, LosesNothingInSilence) {
  KataVolume volume{.volume_type = "direct_block"};
  volume.dm_verity = BaseVerity();
  EXPECT_THAT(DirectVolumeOf(volume),
              HasError(ErrorKind::kUsage, "dm_verity: has no place in mountInfo.json"));
  volume.nydus_image = KataVolume::NydusImage{};
  EXPECT_THAT(DirectVolumeOf(volume),
              HasError(ErrorKind::kUsage, "nydus_image: has no place in mountInfo.json"));
  volume.image_pull = KataVolume::Metadata{};
  EXPECT_THAT(DirectVolumeOf(volume),
              HasError(ErrorKind::kUsage, "image_pull: has no place in mountInfo.json"));
}

struct Version {
  const char* name;
  const char* fs_version;
  const char* fs_type;
};

class VolumeOfExtraOption : public testing::TestWithParam<Version> {};

// kata-types: test_try_from_nydus_extra_options.
TEST_P(VolumeOfExtraOption, IsAFileSystemOfItsVersion) {
  const ExtraOption option{.source = "/test/nydus",
                           .config = "test",
                           .snapshot_dir = "/var/lib/nydus",
                           .fs_version = GetParam().fs_version};
  const KataVolume expected{
      .volume_type = "image_nydus_fs",
      .source = "/test/nydus",
      .fs_type = GetParam().fs_type,
      .nydus_image = KataVolume::NydusImage{.config = "test", .snapshot_dir = "/var/lib/nydus"}};
  EXPECT_EQ(KataVolumeOf(option), expected);
  EXPECT_THAT(ValidateForKataRust(expected), IsOk());
}

INSTANTIATE_TEST_SUITE_P(KataTypes, VolumeOfExtraOption,
                         testing::Values(Version{"V5", "v5", "rafsv5"},
                                         Version{"V6", "v6", "rafsv6"},
                                         Version{"RafsV5", "rafsv5", "rafsv5"},
                                         Version{"RafsV6", "rafsv6", "rafsv6"}),
                         NameOfCase());

TEST(VolumeOfExtraOption, NeedsAKnownVersion) {
  for (const char* version : {"rafsvx", "", "v7", "V6", "rafs", "rafsrafsv6", "erofs"}) {
    EXPECT_THAT(KataVolumeOf(ExtraOption{.fs_version = version}),
                HasError(ErrorKind::kUsage, "fs_version: is none of"));
  }
}

// kata-types: test_kata_virtual_volume_serde. Objects that the type has no use for are allowed.
TEST(KataTypes, AVolumeWithMoreObjectsThanItsTypeNeedsIsReadBackAndValid) {
  const KataVolume volume{.volume_type = "direct_block",
                          .source = "/tmp",
                          .fs_type = "ext4",
                          .options = {"rw"},
                          .direct_volume = KataVolume::Metadata{JsonMap{{"mode", "rw"}}},
                          .nydus_image = KataVolume::NydusImage{
                              .config = "test", .snapshot_dir = "/var/lib/nydus.dir"}};
  EXPECT_EQ(ReadVolume(FormatKataVolume(volume), JsonDialect::kRust), volume);
  EXPECT_THAT(ValidateForKataRust(volume), IsOk());
}

// kata-types: test_adjust_rootfs_mounts_basic_success.
TEST(KataTypes, ForcedGuestPullIsOneOptionWithTheSmallestVolume) {
  EXPECT_EQ(ForcedGuestPullOption(),
            "io.katacontainers.volume=eyJ2b2x1bWVfdHlwZSI6ImltYWdlX2d1ZXN0X3B1bGwifQ==");
}

}  // namespace
}  // namespace nydus
