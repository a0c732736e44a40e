// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/kata_volumes.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kTarfs = "containerd.io/snapshot/nydus-tarfs";
constexpr const char* kImageBlock = "containerd.io/snapshot/nydus-image-block";
constexpr const char* kLayerBlock = "containerd.io/snapshot/nydus-layer-block";
constexpr const char* kProxyMode = "containerd.io/snapshot/nydus-proxy-mode";
constexpr const char* kLayerDigest = "containerd.io/snapshot/cri.layer-digest";
constexpr const char* kImageReference = "containerd.io/snapshot/cri.image-ref";

const std::string kRootHash(64, 'a');
const std::string kVerity = "2361,1212416,sha256:" + kRootHash;

std::vector<std::string> Sources(const std::vector<KataVolume>& volumes) {
  std::vector<std::string> sources;
  for (const KataVolume& volume : volumes) sources.push_back(volume.source);
  return sources;
}

TEST(RafsAnnotations, AreTheThreeLabelsOfTarfs) {
  const Labels labels = {{kTarfs, "abc"},
                         {kImageBlock, ""},
                         {kLayerBlock, "x"},
                         {kProxyMode, "true"},
                         {kLayerDigest, "sha256:1"}};
  EXPECT_EQ(RafsAnnotations(labels),
            (Labels{{kTarfs, "abc"}, {kImageBlock, ""}, {kLayerBlock, "x"}}));
}

TEST(RafsAnnotations, AreModeAndDigestOfAProxiedLayer) {
  const Labels labels = {
      {kProxyMode, "yes"}, {kLayerDigest, "sha256:1"}, {kImageReference, "example.org/image"}};
  EXPECT_EQ(RafsAnnotations(labels), (Labels{{kProxyMode, "true"}, {kLayerDigest, "sha256:1"}}));
}

TEST(RafsAnnotations, AreNoneForAnyOtherLayer) {
  EXPECT_THAT(RafsAnnotations({{kLayerDigest, "sha256:1"}}), IsEmpty());
}

TEST(GuestPullVolume, HasTheAnnotationsTwiceAndTheOptionsSortedByKey) {
  const KataVolume volume = GuestPullVolume({{"b", "2"}, {"a", "1"}, {kProxyMode, "true"}});
  EXPECT_EQ(volume.volume_type, "image_guest_pull");
  EXPECT_EQ(volume.fs_type, "");
  EXPECT_THAT(volume.options,
              ElementsAre("a=1", "b=2", "containerd.io/snapshot/nydus-proxy-mode=true"));
  ASSERT_TRUE(volume.image_pull);
  EXPECT_EQ(volume.image_pull->metadata, (JsonMap{{"a", "1"}, {"b", "2"}, {kProxyMode, "true"}}));
}

TEST(GuestPullVolume, TakesItsSourceFromTheImageReference) {
  EXPECT_EQ(GuestPullVolume({{kImageReference, "example.org/image:1"}}).source,
            "example.org/image:1");
}

TEST(GuestPullVolume, HasADummySourceWithoutAnImageReference) {
  EXPECT_EQ(GuestPullVolume({}).source, "dummy-image-reference");
  EXPECT_EQ(GuestPullVolume({{kImageReference, ""}}).source, "dummy-image-reference");
}

TEST(GuestPullVolume, HasEmptyMetadataWithoutAnnotations) {
  const KataVolume volume = GuestPullVolume({});
  EXPECT_THAT(volume.options, IsEmpty());
  ASSERT_TRUE(volume.image_pull);
  EXPECT_EQ(volume.image_pull->metadata, JsonMap());
}

TEST(KataVolumes, AreNoneWithoutLabelsThatAskForThem) {
  EXPECT_EQ(KataVolumesFor({}), std::vector<KataVolume>());
  // Export mode off: tarfs, but no disk.
  EXPECT_EQ(KataVolumesFor({.annotations = {{kTarfs, "abc"}}}), std::vector<KataVolume>());
  // A disk label without tarfs.
  EXPECT_EQ(KataVolumesFor({.annotations = {{kImageBlock, ""}}}), std::vector<KataVolume>());
}

TEST(KataVolumes, OfAnExportedImageAreOneDisk) {
  const auto volumes = KataVolumesFor({.annotations = {{kTarfs, "abc"}, {kImageBlock, ""}},
                                       .layers = {},
                                       .cache_directory = "/cache"});
  ASSERT_THAT(volumes, IsOk());
  ASSERT_EQ(volumes->size(), 1U);
  EXPECT_EQ(volumes->front(), (KataVolume{.volume_type = "image_raw_block",
                                          .source = "/cache/abc.image.disk",
                                          .fs_type = "erofs",
                                          .options = {"ro"}}));
}

TEST(KataVolumes, HaveTheVerityOfTheLabel) {
  const auto volumes = KataVolumesFor({.annotations = {{kTarfs, "abc"}, {kImageBlock, kVerity}},
                                       .layers = {},
                                       .cache_directory = "/cache"});
  ASSERT_THAT(volumes, IsOk());
  ASSERT_TRUE(volumes->front().dm_verity);
  const DmVerity& verity = *volumes->front().dm_verity;
  EXPECT_EQ(verity.hash_algorithm, "sha256");
  EXPECT_EQ(verity.root_hash, kRootHash);
  EXPECT_EQ(verity.data_blocks, 2361U);
  EXPECT_EQ(verity.data_block_size, 512U);
  EXPECT_EQ(verity.hash_block_size, 4096U);
  EXPECT_EQ(verity.hash_offset, 1212416U);
}

TEST(KataVolumes, OfExportedLayersAreOneDiskEachTopLayerFirst) {
  const auto volumes = KataVolumesFor({.annotations = {{kTarfs, "top"}, {kLayerBlock, ""}},
                                       .layers = {{{kTarfs, "top"}, {kLayerBlock, ""}},
                                                  {{kTarfs, "middle"}, {kLayerBlock, kVerity}},
                                                  {{kTarfs, "lowest"}}},
                                       .cache_directory = "/cache/"});
  ASSERT_THAT(volumes, IsOk());
  EXPECT_THAT(Sources(*volumes), ElementsAre("/cache/top.layer.disk", "/cache/middle.layer.disk",
                                             "/cache/lowest.layer.disk"));
  for (const KataVolume& volume : *volumes) EXPECT_EQ(volume.volume_type, "layer_raw_block");
  EXPECT_FALSE(volumes->at(0).dm_verity);
  EXPECT_TRUE(volumes->at(1).dm_verity);
  EXPECT_FALSE(volumes->at(2).dm_verity);
}

TEST(KataVolumes, PreferTheWholeImage) {
  const auto volumes =
      KataVolumesFor({.annotations = {{kTarfs, "abc"}, {kImageBlock, ""}, {kLayerBlock, ""}},
                      .layers = {Labels{{kTarfs, "abc"}}},
                      .cache_directory = "/cache"});
  ASSERT_THAT(volumes, IsOk());
  EXPECT_THAT(Sources(*volumes), ElementsAre("/cache/abc.image.disk"));
}

TEST(KataVolumes, PutGuestPullInFrontOfTarfs) {
  const auto volumes =
      KataVolumesFor({.annotations = {{kProxyMode, "true"}, {kTarfs, "abc"}, {kImageBlock, ""}},
                      .layers = {},
                      .cache_directory = "/cache"});
  ASSERT_THAT(volumes, IsOk());
  EXPECT_THAT(Sources(*volumes), ElementsAre("dummy-image-reference", "/cache/abc.image.disk"));
}

TEST(KataVolumes, RefuseAVerityLabelThatDoesNotValidateAndNameIt) {
  const auto whole = KataVolumesFor({.annotations = {{kTarfs, "a"}, {kImageBlock, "1,2,md5:00"}},
                                     .layers = {},
                                     .cache_directory = "/cache"});
  EXPECT_THAT(whole, HasError(ErrorKind::kUsage,
                              "annotations: label containerd.io/snapshot/nydus-image-block: "));
  const auto inside_the_data = KataVolumesFor(
      {.annotations = {{kTarfs, "a"}, {kLayerBlock, ""}},
       .layers = {Labels{{kTarfs, "a"}},
                  Labels{{kTarfs, "b"}, {kLayerBlock, "9,4096,sha256:" + kRootHash}}},
       .cache_directory = "/cache"});
  EXPECT_THAT(inside_the_data,
              HasError(ErrorKind::kUsage,
                       "layers 2 of 2: label containerd.io/snapshot/nydus-layer-block: "));
  EXPECT_THAT(inside_the_data, HasError(ErrorKind::kUsage, "offset: lies inside the data"));
}

TEST(KataVolumes, RefuseALayerThatIsNoTarfs) {
  const auto volumes = KataVolumesFor({.annotations = {{kTarfs, "a"}, {kLayerBlock, ""}},
                                       .layers = {Labels{{kTarfs, "a"}}, Labels{}},
                                       .cache_directory = "/cache"});
  EXPECT_THAT(volumes, HasError(ErrorKind::kUsage, "layers 2 of 2: label " + std::string(kTarfs)));
}

TEST(KataVolumes, RefuseABlobIdThatLeavesTheCache) {
  const auto volumes = KataVolumesFor({.annotations = {{kTarfs, "../a"}, {kImageBlock, ""}},
                                       .layers = {},
                                       .cache_directory = "/cache"});
  EXPECT_THAT(volumes, HasError(ErrorKind::kUsage, "is no blob ID"));
}

TEST(KataVolumes, WantLayersAndACacheOnlyWhereTheyNeedThem) {
  const Labels annotations = {{kTarfs, "a"}, {kLayerBlock, ""}};
  EXPECT_THAT(KataVolumesFor({.annotations = annotations, .layers = {}, .cache_directory = "/c"}),
              HasError(ErrorKind::kUsage, "layers: are missing"));
  EXPECT_THAT(KataVolumesFor({.annotations = annotations, .layers = {annotations}}),
              HasError(ErrorKind::kUsage, "cache_directory: is missing"));
}

}  // namespace
}  // namespace nydus
