// SPDX-License-Identifier: Apache-2.0
#include "kata/volume_storage.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/unit/kata/volumes.h"

namespace nydus {
namespace {

using testing::ElementsAre;

std::string TextOf(const Result<VolumeHandOver>& result) {
  if (!result) return result.error().message;
  return FormatContainerDescription(result->storages, result->block_devices);
}

TEST(GuestPull, IsDescribedAsKatasRuntimesDo) {
  EXPECT_EQ(TextOf(Describe({GuestPull({{"io.kubernetes.cri.image-name", "docker.io/app:2"}})})),
            R"({"storages":[{"driver":"image_guest_pull","driver_options":)"
            R"(["image_guest_pull={\"metadata\":{)"
            R"(\"io.kubernetes.cri.image-name\":\"docker.io/app:2\"}}"],)"
            R"("source":"docker.io/app:2","fstype":"overlay","options":[],)"
            R"("mount_point":"/run/kata-containers/c1/rootfs"}]})");
}

TEST(GuestPull, NamesTheVolumesSourceWhereMetadataNamesNoImage) {
  EXPECT_EQ(Describe({GuestPull()})->storages[0].source, "registry.example/app:1");
}

TEST(GuestPull, OfAPodsSandboxIsTheImageInTheGuest) {
  for (const char* key :
       {"io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"}) {
    EXPECT_EQ(Describe({GuestPull({{key, "sandbox"}})})->storages[0].source, "pause");
  }
}

TEST(GuestPull, WithoutMetadataStillHasTheObjectThatTheAgentReads) {
  KataVolume volume = GuestPull();
  volume.image_pull.reset();
  EXPECT_THAT(Describe({volume})->storages[0].driver_options,
              ElementsAre(R"(image_guest_pull={"metadata":{}})"));
}

TEST(GuestPull, WithoutAnImageIsRefused) {
  for (const char* source : {"", "dummy-image-reference"}) {
    KataVolume volume = GuestPull();
    volume.source = source;
    EXPECT_THAT(Describe({volume}),
                HasError(ErrorKind::kUsage, "volume 1 of 1: source: is no image reference"));
  }
}

TEST(NydusImage, IsNydusdsAndAnOverlay) {
  const Result<VolumeHandOver> result = Describe({NydusImage()});
  ASSERT_THAT(result, IsOk());
  EXPECT_THAT(result->storages, ElementsAre(OverlayStorage("c1")));
  EXPECT_EQ(result->image, (ExtraOption{.source = "/snapshots/1/fs/image/image.boot",
                                        .config = "{}",
                                        .snapshot_dir = "/snapshots/2",
                                        .fs_version = "v6"}));
}

TEST(NydusImage, WithoutWhatNydusdNeedsIsRefused) {
  KataVolume volume = NydusImage();
  volume.nydus_image->snapshot_dir.clear();
  EXPECT_THAT(Describe({volume}), HasError(ErrorKind::kUsage, "volume 1 of 1: snapshotdir"));
  volume.nydus_image.reset();
  EXPECT_THAT(Describe({volume}), HasError(ErrorKind::kUsage, "volume 1 of 1: config"));
}

TEST(NydusImage, IsNoOtherVolume) {
  EXPECT_TRUE(NydusImageOf(NydusImage()));
  for (const KataVolume& volume : {GuestPull(), ImageDisk(), LayerDisk(1), DirectBlock()}) {
    EXPECT_FALSE(NydusImageOf(volume)) << volume.volume_type;
  }
}

TEST(NydusImage, OnABlockDeviceHasNobodyWhoMountsIt) {
  for (const char* type : {"image_nydus_block", "layer_nydus_block"}) {
    KataVolume volume = NydusImage();
    volume.volume_type = type;
    EXPECT_THAT(Describe({volume}), HasError(ErrorKind::kUsage, "neither nydusd nor Kata's agent"));
  }
}

TEST(UnknownVolume, IsRefused) {
  EXPECT_THAT(Describe({{.volume_type = "image_next\n"}}),
              HasError(ErrorKind::kUsage, "volume 1 of 1: volume_type: is not known"));
}

TEST(Volumes, AreOneRootFileSystem) {
  const std::vector<std::vector<KataVolume>> mixtures = {
      {GuestPull(), ImageDisk()},  {GuestPull(), GuestPull()},  {NydusImage(), NydusImage()},
      {ImageDisk(), ImageDisk()},  {ImageDisk(), LayerDisk(1)}, {LayerDisk(1), ImageDisk()},
      {LayerDisk(1), NydusImage()}};
  for (const std::vector<KataVolume>& volumes : mixtures) {
    EXPECT_THAT(Describe(volumes), HasError(ErrorKind::kUsage, "more than one is a root file"))
        << volumes[0].volume_type << " and " << volumes[1].volume_type;
  }
}

TEST(Volumes, AreLimited) {
  const std::vector<KataVolume> volumes(kMaxBlockVolumes + 1, LayerDisk(1));
  EXPECT_THAT(Describe(volumes), HasError(ErrorKind::kUsage, "volumes: are more than 128"));
}

TEST(Volumes, HaveOneAddressEach) {
  EXPECT_THAT(Describe({ImageDisk()}, At({"02", "03"})),
              HasError(ErrorKind::kUsage, "1 block devices and 2 addresses"));
  EXPECT_THAT(Describe({GuestPull()}, At({"02"})),
              HasError(ErrorKind::kUsage, "0 block devices and 1 addresses"));
  EXPECT_THAT(Describe({ImageDisk()}, At({}, {1})),
              HasError(ErrorKind::kUsage, "1 block devices and 0 addresses"));
  EXPECT_THAT(Describe({ImageDisk()}, At({"02"}, {1, 2})),
              HasError(ErrorKind::kUsage, "1 block devices and 2 partitions"));
}

TEST(Volumes, HaveAddressesOfTheirDriver) {
  EXPECT_THAT(Describe({ImageDisk()}, At({"0:1"})),
              HasError(ErrorKind::kUsage, "'0:1': is no address of driver blk"));
}

TEST(Volumes, CanBeNone) {
  EXPECT_EQ(TextOf(Describe({})), R"({"storages":[]})");
}

}  // namespace
}  // namespace nydus
