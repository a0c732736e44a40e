// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/volume_validation.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr const char* kAccepted = nullptr;

// One shape of a volume and the message of each validator.
struct Shape {
  std::string name;
  KataVolume volume;
  const char* snapshotter;
  const char* kata_go;
  const char* kata_rust;
};

DmVerity Verity(const char* algorithm) {
  return {.hash_algorithm = algorithm,
          .root_hash = std::string(64, 'a'),
          .data_blocks = 1,
          .data_block_size = 512,
          .hash_block_size = 4096,
          .hash_offset = 4096};
}

KataVolume::Metadata WithoutMap() {
  return {};
}

KataVolume::Metadata WithMap(JsonMap map) {
  return {.metadata = std::move(map)};
}

void AddDirectBlocks(std::vector<Shape>& shapes) {
  const KataVolume whole{.volume_type = "direct_block",
                         .source = "/dev/sdb",
                         .fs_type = "ext4",
                         .options = {"rw"},
                         .direct_volume = WithMap({{"key", "value"}})};
  shapes.push_back({"DirectBlock", whole, kAccepted, kAccepted, kAccepted});

  KataVolume changed = whole;
  changed.direct_volume = WithMap({});
  shapes.push_back({"DirectBlockWithEmptyMetadata", changed, kAccepted, kAccepted, kAccepted});
  changed.direct_volume = WithoutMap();
  shapes.push_back({"DirectBlockWithoutMetadata", changed, "direct_volume: metadata: is missing",
                    "direct_volume: metadata: is missing", kAccepted});
  changed.direct_volume.reset();
  shapes.push_back({"DirectBlockWithoutDirectVolume", changed, "direct_volume: is missing",
                    kAccepted, kAccepted});

  changed = whole;
  changed.source.clear();
  shapes.push_back({"DirectBlockWithoutSource", changed, "source: is missing or empty", kAccepted,
                    "source: is missing or empty"});
  changed = whole;
  changed.fs_type.clear();
  shapes.push_back(
      {"DirectBlockWithoutFsType", changed, kAccepted, kAccepted, "fs_type: is missing or empty"});
  shapes.push_back({"DirectBlockAlone",
                    {.volume_type = "direct_block"},
                    "source: is missing or empty",
                    kAccepted,
                    "source: is missing or empty"});
  changed = whole;
  changed.image_pull = WithoutMap();
  changed.nydus_image.emplace();
  changed.dm_verity = Verity("md5");
  shapes.push_back(
      {"DirectBlockWithObjectsOfOtherTypes", changed, kAccepted, kAccepted, kAccepted});
}

void AddRawBlocks(std::vector<Shape>& shapes, const std::string& name, const char* type) {
  const KataVolume whole{.volume_type = type,
                         .source = "/cache/a.disk",
                         .fs_type = "erofs",
                         .options = {"ro"},
                         .dm_verity = Verity("sha256")};
  shapes.push_back({name, whole, kAccepted, kAccepted, kAccepted});

  KataVolume changed = whole;
  changed.dm_verity.reset();
  shapes.push_back({name + "WithoutVerity", changed, kAccepted, kAccepted, kAccepted});
  changed.dm_verity = Verity("md5");
  shapes.push_back({name + "WithInvalidVerity", changed,
                    "dm_verity: hashtype: ", "dm_verity: hashtype: ", kAccepted});

  changed = whole;
  changed.source.clear();
  shapes.push_back({name + "WithoutSource", changed, "source: is missing or empty", kAccepted,
                    "source: is missing or empty"});
  changed = whole;
  changed.fs_type.clear();
  shapes.push_back(
      {name + "WithoutFsType", changed, kAccepted, kAccepted, "fs_type: is missing or empty"});
}

// What is the same for nydus_block and nydus_fs; `fs_type` is one that suits both.
void AddNydusImages(std::vector<Shape>& shapes, const std::string& name, const char* type) {
  const KataVolume whole{.volume_type = type,
                         .source = "/dev/sdc",
                         .fs_type = "rafsv6",
                         .nydus_image = KataVolume::NydusImage{"{}", "/snapshots/3"}};
  shapes.push_back({name, whole, kAccepted, kAccepted, kAccepted});

  KataVolume changed = whole;
  changed.nydus_image->config.clear();
  shapes.push_back({name + "WithoutConfig", changed, kAccepted, kAccepted,
                    "nydus_image: config: is missing or empty"});
  changed = whole;
  changed.nydus_image->snapshot_dir.clear();
  shapes.push_back({name + "WithoutSnapshotDir", changed, kAccepted, kAccepted,
                    "nydus_image: snapshot_dir: is missing or empty"});
  changed.nydus_image->config.clear();
  shapes.push_back({name + "WithEmptyImage", changed,
                    "nydus_image: config and snapshot_dir are both empty",
                    "nydus_image: config and snapshot_dir are both empty",
                    "nydus_image: config: is missing or empty"});
  changed.nydus_image.reset();
  shapes.push_back({name + "WithoutImage", changed, "nydus_image: is missing", kAccepted,
                    "nydus_image: is missing"});

  changed = whole;
  changed.source.clear();
  shapes.push_back({name + "WithoutSource", changed, "source: is missing or empty", kAccepted,
                    "source: is missing or empty"});
  changed = whole;
  changed.dm_verity = Verity("md5");
  shapes.push_back({name + "WithInvalidVerity", changed, kAccepted, kAccepted, kAccepted});
}

void AddFsTypes(std::vector<Shape>& shapes, const std::string& name, const char* type,
                const char* rafs_v5, const char* others) {
  KataVolume volume{.volume_type = type,
                    .source = "/dev/sdc",
                    .nydus_image = KataVolume::NydusImage{"{}", "/snapshots/3"}};
  shapes.push_back({name + "WithoutFsType", volume, kAccepted, kAccepted, others});
  volume.fs_type = "rafsv5";
  shapes.push_back({name + "OnRafsV5", volume, kAccepted, kAccepted, rafs_v5});
  volume.fs_type = "erofs";
  shapes.push_back({name + "OnErofs", volume, kAccepted, kAccepted, others});
  volume.fs_type = "RAFSV6";
  shapes.push_back({name + "OnRafsV6InCapitals", volume, kAccepted, kAccepted, others});
}

void AddGuestPulls(std::vector<Shape>& shapes) {
  const KataVolume whole{.volume_type = "image_guest_pull",
                         .source = "image-reference",
                         .image_pull = WithMap({{"key", "value"}})};
  shapes.push_back({"GuestPull", whole, kAccepted, kAccepted, kAccepted});

  KataVolume changed = whole;
  changed.image_pull = WithMap({});
  shapes.push_back({"GuestPullWithEmptyMetadata", changed, kAccepted, kAccepted, kAccepted});
  changed.image_pull = WithoutMap();
  shapes.push_back({"GuestPullWithoutMetadata", changed, "image_pull: metadata: is missing",
                    "image_pull: metadata: is missing", kAccepted});
  changed.image_pull.reset();
  shapes.push_back(
      {"GuestPullWithoutImagePull", changed, "image_pull: is missing", kAccepted, kAccepted});
  changed = whole;
  changed.source.clear();
  shapes.push_back(
      {"GuestPullWithoutSource", changed, kAccepted, kAccepted, "source: is missing or empty"});
  shapes.push_back({"GuestPullAlone",
                    {.volume_type = "image_guest_pull"},
                    "image_pull: is missing",
                    kAccepted,
                    "source: is missing or empty"});
}

void AddOtherTypes(std::vector<Shape>& shapes) {
  shapes.push_back({"EmptyType",
                    {.volume_type = "", .source = "/a", .fs_type = "ext4"},
                    "volume_type: is not one that nydus-snapshotter knows",
                    "volume_type: is missing or empty",
                    kAccepted});
  shapes.push_back({"UnknownType",
                    {.volume_type = "newer"},
                    "volume_type: is not one that nydus-snapshotter knows",
                    kAccepted,
                    kAccepted});
  shapes.push_back({"KnownTypeInCapitals",
                    {.volume_type = "DIRECT_BLOCK"},
                    "volume_type: is not one that nydus-snapshotter knows",
                    kAccepted,
                    kAccepted});
}

std::vector<Shape> Shapes() {
  std::vector<Shape> shapes;
  AddDirectBlocks(shapes);
  AddRawBlocks(shapes, "ImageRawBlock", "image_raw_block");
  AddRawBlocks(shapes, "LayerRawBlock", "layer_raw_block");
  AddNydusImages(shapes, "ImageNydusBlock", "image_nydus_block");
  AddNydusImages(shapes, "LayerNydusBlock", "layer_nydus_block");
  AddNydusImages(shapes, "ImageNydusFs", "image_nydus_fs");
  AddNydusImages(shapes, "LayerNydusFs", "layer_nydus_fs");
  constexpr const char* kNotV6 = "fs_type: is not rafsv6";
  constexpr const char* kNeither = "fs_type: is neither rafsv5 nor rafsv6";
  AddFsTypes(shapes, "ImageNydusBlock", "image_nydus_block", kNotV6, kNotV6);
  AddFsTypes(shapes, "LayerNydusBlock", "layer_nydus_block", kNotV6, kNotV6);
  AddFsTypes(shapes, "ImageNydusFs", "image_nydus_fs", kAccepted, kNeither);
  AddFsTypes(shapes, "LayerNydusFs", "layer_nydus_fs", kAccepted, kNeither);
  AddGuestPulls(shapes);
  AddOtherTypes(shapes);
  return shapes;
}

void ExpectVerdict(const Result<>& result, const char* message) {
  if (message == kAccepted) {
    EXPECT_THAT(result, IsOk());
  } else {
    EXPECT_THAT(result, HasError(ErrorKind::kUsage, message));
  }
}

class VolumeValidation : public testing::TestWithParam<Shape> {};

TEST_P(VolumeValidation, Snapshotter) {
  ExpectVerdict(ValidateForSnapshotter(GetParam().volume), GetParam().snapshotter);
}

TEST_P(VolumeValidation, KataGo) {
  ExpectVerdict(ValidateForKataGo(GetParam().volume), GetParam().kata_go);
}

TEST_P(VolumeValidation, KataRust) {
  ExpectVerdict(ValidateForKataRust(GetParam().volume), GetParam().kata_rust);
}

INSTANTIATE_TEST_SUITE_P(Shape, VolumeValidation, testing::ValuesIn(Shapes()), NameOfCase());

// Why all three are asked.
TEST(VolumeValidators, EachKataRuntimeTakesVolumesThatNoOtherProgramTakes) {
  bool snapshotter_alone = false;
  bool go_alone = false;
  bool rust_alone = false;
  for (const Shape& shape : Shapes()) {
    const bool snapshotter = ValidateForSnapshotter(shape.volume).has_value();
    const bool go = ValidateForKataGo(shape.volume).has_value();
    const bool rust = ValidateForKataRust(shape.volume).has_value();
    snapshotter_alone |= snapshotter && !go && !rust;
    go_alone |= go && !snapshotter && !rust;
    rust_alone |= rust && !snapshotter && !go;
  }
  EXPECT_TRUE(go_alone);
  EXPECT_TRUE(rust_alone);
  // Kata's Go runtime has the same rules with fewer demands.
  EXPECT_FALSE(snapshotter_alone);
}

}  // namespace
}  // namespace nydus
