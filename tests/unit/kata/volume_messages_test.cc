// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "base/text.h"
#include "kata/snapshot_directory.h"
#include "kata/volume_storage.h"
#include "tests/unit/kata/volumes.h"

// Whatever is wrong with a volume, no message holds a byte of it: any of its strings may be a
// credential that somebody put in the wrong place.
namespace nydus {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::Values;

constexpr char kMarker[] = "HUNTER2SECRET";

// What is refused as it stands, as a path, as an option for others, and as no text at all.
const std::vector<std::string> kValues = {
    kMarker,
    StrCat("/", kMarker),
    StrCat("/", kMarker, "/../x"),
    StrCat("X-key=", kMarker),
    StrCat("extraoption=", kMarker),
    StrCat("loop,", kMarker),
    StrCat(kMarker, std::string(1, '\0')),
    StrCat(kMarker, "\xff"),
    StrCat("/", kMarker, std::string(70000, 'x')),
};

using Change = std::function<void(KataVolume&, const std::string&)>;

const std::vector<Change> kChanges = {
    [](auto& volume, const auto& value) { volume.volume_type = value; },
    [](auto& volume, const auto& value) { volume.source = value; },
    [](auto& volume, const auto& value) { volume.fs_type = value; },
    [](auto& volume, const auto& value) { volume.fs_type = StrCat("rafs", value); },
    [](auto& volume, const auto& value) { volume.options = {value}; },
    [](auto& volume, const auto& value) { volume.direct_volume->metadata = JsonMap{{"k", value}}; },
    [](auto& volume, const auto& value) { volume.direct_volume->metadata = JsonMap{{value, "v"}}; },
    [](auto& volume, const auto& value) {
      volume.direct_volume->metadata = JsonMap{{"encryptionKey", value}};
    },
    [](auto& volume, const auto& value) { volume.image_pull->metadata = JsonMap{{"k", value}}; },
    [](auto& volume, const auto& value) { volume.image_pull->metadata = JsonMap{{value, "v"}}; },
    [](auto& volume, const auto& value) { volume.nydus_image->config = value; },
    [](auto& volume, const auto& value) { volume.nydus_image->snapshot_dir = value; },
    [](auto& volume, const auto& value) { volume.dm_verity->hash_algorithm = value; },
    [](auto& volume, const auto& value) { volume.dm_verity->root_hash = value; },
    [](auto& volume, const auto& value) { volume.dm_verity->salt = value; },
};

// Every member, right for its type or not.
KataVolume WholeVolume(const std::string& type) {
  KataVolume volume = DirectBlock();
  volume.volume_type = type;
  volume.source = "/no/such/image";
  volume.fs_type = type.ends_with("nydus_fs") ? "rafsv6" : "erofs";
  volume.options = {"ro"};
  volume.image_pull.emplace();
  volume.nydus_image = NydusImage().nydus_image;
  volume.dm_verity = TarfsVerity();
  return volume;
}

class VolumeMessages : public testing::TestWithParam<const char*> {
 protected:
  void Describe(const std::vector<KataVolume>& volumes) {
    const BlockAddresses none;
    const BlockAddresses some{.driver = BlockDriver::kPci, .addresses = {"02"}, .partitions = {1}};
    for (const BlockAddresses& addresses : {none, some}) {
      const Result<VolumeHandOver> result = DescribeVolumes(volumes, "c1", addresses);
      if (result) continue;
      ++errors_;
      EXPECT_THAT(result.error().message, Not(HasSubstr(kMarker)));
      EXPECT_THAT(result.error().hint, Not(HasSubstr(kMarker)));
    }
  }

  int errors_ = 0;
};

TEST_P(VolumeMessages, HoldNothingOfTheVolume) {
  for (std::size_t change = 0; change < kChanges.size(); ++change) {
    for (const std::string& value : kValues) {
      for (const bool no_superblock : {true, false}) {
        KataVolume volume = WholeVolume(GetParam());
        volume.dm_verity->no_superblock = no_superblock;
        kChanges[change](volume, value);
        SCOPED_TRACE(testing::Message() << "change " << change);
        Describe({volume});
        volume.dm_verity.reset();
        Describe({volume});
        volume.direct_volume.reset();
        volume.image_pull.reset();
        Describe({volume});
      }
    }
  }
  EXPECT_GT(errors_, 100);
}

INSTANTIATE_TEST_SUITE_P(OfType, VolumeMessages,
                         Values("direct_block", "image_raw_block", "layer_raw_block",
                                "image_nydus_block", "layer_nydus_block", "image_nydus_fs",
                                "layer_nydus_fs", "image_guest_pull"),
                         [](const auto& test) { return std::string(test.param); });

TEST(SnapshotDirectoryMessages, HoldNothingOfThePath) {
  for (const std::string& value : kValues) {
    const Result<UniqueFd> opened = OpenSnapshotDirectory(
        value, {.upper_directory = "/tmp", .work_directory = "/tmp", .roots = {"/"}});
    ASSERT_FALSE(opened.has_value());
    EXPECT_THAT(opened.error().message, Not(HasSubstr(kMarker)));
    EXPECT_THAT(opened.error().hint, Not(HasSubstr(kMarker)));
  }
}

}  // namespace
}  // namespace nydus
