// SPDX-License-Identifier: Apache-2.0
#include "kata/block_volumes.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kata/volume_storage.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/kata/volumes.h"

namespace nydus {
namespace {

using testing::ElementsAre;

BlockAddresses On(BlockDriver driver, std::string address) {
  return {.driver = driver, .addresses = {std::move(address)}, .partitions = {}};
}

std::string TextOf(const Result<VolumeHandOver>& result) {
  if (!result) return result.error().message;
  return FormatContainerDescription(result->storages, result->block_devices);
}

TEST(BlockImage, IsForTheVmmUntilItsAddressIsKnown) {
  EXPECT_EQ(TextOf(Describe({ImageDisk()})),
            R"({"storages":[],"block_devices":[{"source":"/cache/a.image.disk","read_only":true,)"
            R"("fstype":"erofs","options":["ro"]}]})");
}

TEST(BlockImage, OfErofsIsTheLowerLayerOfAnOverlayInTheGuest) {
  EXPECT_EQ(TextOf(Describe({ImageDisk()}, At({"02/01"}))),
            R"({"storages":[{"driver":"blk","driver_options":[],"source":"02/01",)"
            R"("fstype":"erofs","options":["X-kata.overlay-lower","X-kata.multi-layer=true"],)"
            R"("mount_point":"/run/kata-containers/c1/rootfs"}],"block_devices":[)"
            R"({"source":"/cache/a.image.disk","read_only":true,"fstype":"erofs",)"
            R"("options":["ro"],"address":"02/01"}]})");
}

struct DriverCase {
  const char* driver;
  const char* address;
};

// fs_share_linux.go's switch over block drivers, and handleBlockVolume's nvdimm.
TEST(BlockImage, OfAnotherFileSystemIsMountedReadOnlyByEachDriver) {
  KataVolume image = ImageDisk();
  image.fs_type = "ext4";
  for (const auto& [driver, address] : {DriverCase{"mmioblk", "/dev/vda"},
                                        {"blk", "02/01"},
                                        {"blk-ccw", "0.0.0005"},
                                        {"scsi", "0:1"}}) {
    const Result<VolumeHandOver> result = Describe({image}, On(*ParseBlockDriver(driver), address));
    ASSERT_THAT(result, IsOk());
    EXPECT_THAT(result->storages,
                ElementsAre(AgentStorage{.driver = driver,
                                         .driver_options = {},
                                         .source = address,
                                         .fs_type = "ext4",
                                         .options = {"ro"},
                                         .mount_point = "/run/kata-containers/c1/rootfs"}));
  }
}

TEST(BlockImage, OnPersistentMemoryIsMountedWithDax) {
  EXPECT_THAT(Describe({ImageDisk()}, On(BlockDriver::kNvdimm, "/dev/pmem0"))->storages[0].options,
              ElementsAre("ro", "dax"));
}

TEST(BlockImage, OfXfsIsMountedWithoutItsUuid) {
  KataVolume image = ImageDisk();
  image.fs_type = "xfs";
  image.options = {"noatime"};
  EXPECT_THAT(Describe({image}, At({"02"}))->storages[0].options,
              ElementsAre("noatime", "ro", "nouuid"));
}

TEST(BlockImage, IsNeverWritable) {
  KataVolume image = ImageDisk();
  image.options = {"noatime,rw"};
  EXPECT_THAT(Describe({image}), HasError(ErrorKind::kUsage, "images are read-only"));
}

TEST(BlockImage, OptionsOfErofsThatTheAgentWouldDropAreRefused) {
  KataVolume image = ImageDisk();
  image.options = {"ro", "device=/cache/more"};
  EXPECT_THAT(Describe({image}, At({"02"})), HasError(ErrorKind::kUsage, "would be lost"));
}

TEST(BlockImage, NeedsAPathAndAFileSystem) {
  KataVolume image = ImageDisk("cache/a.image.disk");
  EXPECT_THAT(Describe({image}), HasError(ErrorKind::kUsage, "source: is not an absolute path"));
  image = ImageDisk();
  image.fs_type.clear();
  EXPECT_THAT(Describe({image}), HasError(ErrorKind::kUsage, "fs_type: is empty"));
}

TEST(BlockLayers, AreOneOverlayTopFirst) {
  const Result<VolumeHandOver> result =
      Describe({LayerDisk(3), LayerDisk(2), LayerDisk(1)}, At({"03", "02", "01"}));
  ASSERT_THAT(result, IsOk());
  ASSERT_EQ(result->storages.size(), 3U);
  for (const AgentStorage& storage : result->storages) {
    EXPECT_EQ(storage.mount_point, "/run/kata-containers/c1/rootfs");
    EXPECT_THAT(storage.options, ElementsAre("X-kata.overlay-lower", "X-kata.multi-layer=true"));
  }
  EXPECT_EQ(result->storages[0].source, "03");
  EXPECT_EQ(result->storages[2].source, "01");
}

TEST(BlockLayers, OnOneDiskAreTakenByPartition) {
  const Result<VolumeHandOver> result =
      Describe({LayerDisk(2), LayerDisk(1)}, At({"02", "02"}, {1, 2}));
  ASSERT_THAT(result, IsOk());
  EXPECT_THAT(result->storages[1].options,
              ElementsAre("X-kata.overlay-lower", "X-kata.multi-layer=true",
                          "X-kata.gpt-partitioned=true", "X-kata.partition-number=2"));
}

// The agent sorts by partition, whatever the order of the storages.
TEST(BlockLayers, InAnotherOrderThanTheirPartitionsAreRefused) {
  const std::vector<KataVolume> layers = {LayerDisk(2), LayerDisk(1)};
  EXPECT_THAT(Describe(layers, At({"02", "02"}, {2, 1})),
              HasError(ErrorKind::kUsage, "do not ascend"));
  EXPECT_THAT(Describe(layers, At({"02", "03"}, {0, 1})),
              HasError(ErrorKind::kUsage, "do not ascend"));
  EXPECT_THAT(Describe(layers, At({"02", "03"}, {1, 1})), IsOk());
}

TEST(BlockLayers, AtOnePlaceAreRefused) {
  const std::vector<KataVolume> layers = {LayerDisk(2), LayerDisk(1)};
  EXPECT_THAT(Describe(layers, At({"02", "02"})), HasError(ErrorKind::kUsage, "two block devices"));
  EXPECT_THAT(Describe(layers, At({"02", "02"}, {1, 1})),
              HasError(ErrorKind::kUsage, "two block devices"));
}

TEST(BlockLayers, OfAnotherFileSystemAreRefused) {
  KataVolume bottom = LayerDisk(1);
  bottom.fs_type = "ext4";
  EXPECT_THAT(Describe({LayerDisk(2), bottom}, At({"02", "03"})),
              HasError(ErrorKind::kUsage, "block device 2 of 2: fs_type: is not erofs"));
}

TEST(BlockLayers, OnDriversWithoutLayersAreRefused) {
  const std::vector<KataVolume> layers = {LayerDisk(2), LayerDisk(1)};
  EXPECT_THAT(Describe(layers, {.driver = BlockDriver::kMmio,
                                .addresses = {"/dev/vda", "/dev/vdb"},
                                .partitions = {}}),
              HasError(ErrorKind::kUsage, "neither a PCI path"));
  EXPECT_THAT(Describe(layers, At({"/dev/vda", "/dev/vdb"})),
              HasError(ErrorKind::kUsage, "neither a PCI path"));
}

TEST(BlockLayers, OfAContainerWhoseNameTheAgentRefusesAreRefused) {
  EXPECT_THAT(DescribeVolumes(std::vector{LayerDisk(1)}, "c..1", At({"02"})),
              HasError(ErrorKind::kUsage, "container 'c..1'"));
}

KataVolume VerityDisk(const DmVerity& verity = TarfsVerity()) {
  KataVolume image = ImageDisk();
  image.dm_verity = verity;
  return image;
}

TEST(VerityVolume, OnAPartitionIsCheckedByTheAgent) {
  EXPECT_THAT(
      Describe({VerityDisk()}, At({"02"}, {1}))->storages[0].options,
      ElementsAre("X-kata.overlay-lower", "X-kata.multi-layer=true", "X-kata.gpt-partitioned=true",
                  "X-kata.partition-number=1", "X-kata.dmverity-enabled=true",
                  StrCat("X-kata.dmverity.roothash=", kRootHash),
                  "X-kata.dmverity.hashoffset=1212416", "X-kata.dmverity.blocksize=512",
                  "X-kata.dmverity.hashsize=4096", "X-kata.dmverity.algorithm=sha256",
                  "X-kata.dmverity.hashtype=1", "X-kata.dmverity.no-superblock=true",
                  "X-kata.dmverity.salt=-"));
}

TEST(VerityVolume, OnAWholeDeviceIsRefusedBecauseTheAgentWouldNotCheckIt) {
  for (const BlockAddresses& addresses : {At({"02"}), At({"02"}, {0})}) {
    EXPECT_THAT(Describe({VerityDisk()}, addresses),
                HasError(ErrorKind::kUsage,
                         "dm_verity: Kata's agent would not check the image's integrity"));
  }
}

TEST(VerityVolume, OfAnyDriverOrFileSystemThatTheAgentDoesNotCheckIsRefused) {
  EXPECT_THAT(Describe({VerityDisk()}, On(BlockDriver::kMmio, "/dev/vda")),
              HasError(ErrorKind::kUsage, "neither a PCI path"));
  KataVolume image = VerityDisk();
  image.fs_type = "ext4";
  EXPECT_THAT(Describe({image}, At({"02"}, {1})),
              HasError(ErrorKind::kUsage,
                       "fs_type: is not erofs, the only one that Kata's agent "
                       "checks with dm-verity"));
}

TEST(VerityVolume, IsDescribedForAgentsOfOnesOwnWithItsTable) {
  EXPECT_EQ(TextOf(Describe({VerityDisk()})),
            StrCat(R"({"storages":[],"block_devices":[{"source":"/cache/a.image.disk",)"
                   R"("read_only":true,"fstype":"erofs","options":["ro"],)"
                   R"("dm_verity":{"hashtype":"sha256","hash":")",
                   kRootHash,
                   R"(","blocknum":2361,"blocksize":512,"hashsize":4096,)"
                   R"("offset":1212416,"no_superblock":true},"verity_table":)"
                   R"("0 2361 verity 1 DEVICE DEVICE 512 4096 2361 296 sha256 )",
                   kRootHash, R"( -"}]})"));
}

TEST(VerityVolume, ThatNoKernelActivatesIsRefused) {
  DmVerity verity = TarfsVerity();
  verity.hash_type = 2;
  EXPECT_THAT(Describe({VerityDisk(verity)}),
              HasError(ErrorKind::kUsage, "volume 1 of 1: dm_verity: hash_type"));
}

TEST(VerityVolume, TellsFromTheImageWhetherItHasASuperblock) {
  const TempDir directory;
  KataVolume image = VerityDisk({.hash_algorithm = "sha256",
                                 .root_hash = kRootHash,
                                 .data_blocks = 1,
                                 .data_block_size = 512,
                                 .hash_block_size = 512,
                                 .hash_offset = 512,
                                 .salt = {},
                                 .hash_type = 1,
                                 .no_superblock = false});
  image.source = directory.Write("without", std::string(1024, 'x'));
  EXPECT_TRUE(Describe({image})->block_devices[0].dm_verity->no_superblock);
  image.source =
      directory.Write("with", std::string(512, 'x') + std::string("verity\0\0", 8) + "more");
  EXPECT_FALSE(Describe({image})->block_devices[0].dm_verity->no_superblock);
}

TEST(DirectVolume, IsAMountInfoAndADevice) {
  const Result<VolumeHandOver> result = Describe({DirectBlock()});
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->direct_volume, (DirectVolume{.volume_type = "block",
                                                 .device = "/dev/vdb",
                                                 .fs_type = "ext4",
                                                 .metadata = {{"k", "v"}},
                                                 .options = {"rw"}}));
  EXPECT_TRUE(result->storages.empty());
  EXPECT_FALSE(result->block_devices[0].read_only);
}

TEST(DirectVolume, IsMountedWhereKataBindsItFrom) {
  EXPECT_THAT(
      Describe({DirectBlock()}, At({"02/01"}))->storages,
      ElementsAre(AgentStorage{.driver = "blk",
                               .driver_options = {},
                               .source = "02/01",
                               .fs_type = "ext4",
                               .options = {"rw"},
                               .mount_point = "/run/kata-containers/sandbox/storage/MDIvMDE="}));
}

TEST(DirectVolume, ComesBehindTheRootFileSystem) {
  const Result<VolumeHandOver> result = Describe({DirectBlock(), ImageDisk()}, At({"02", "03"}));
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->storages[0].source, "03");
  EXPECT_EQ(result->storages[1].source, "02");
  EXPECT_EQ(result->block_devices[0].source, "/dev/vdb");
}

TEST(DirectVolume, WithWorkForARuntimeHasNoStorage) {
  for (const char* key : {"fsGroup", "fsGroupChangePolicy", "encryptionKey", "createFilesystem"}) {
    KataVolume volume = DirectBlock();
    volume.direct_volume->metadata = JsonMap{{key, "x"}};
    EXPECT_THAT(Describe({volume}), IsOk());
    EXPECT_THAT(Describe({volume}, At({"02"})), HasError(ErrorKind::kUsage, key));
  }
}

TEST(DirectVolume, ThereIsOneOfAMount) {
  EXPECT_THAT(Describe({DirectBlock(), DirectBlock()}),
              HasError(ErrorKind::kUsage, "two of type direct_block"));
}

}  // namespace
}  // namespace nydus
