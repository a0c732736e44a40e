// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "kata/volume_storage.h"
#include "snapshot/payload/kata_volume.h"

// Volumes as nydus-snapshotter writes them.
namespace nydus {

inline Result<VolumeHandOver> Describe(const std::vector<KataVolume>& volumes,
                                       const BlockAddresses& addresses = {}) {
  return DescribeVolumes(volumes, "c1", addresses);
}

inline BlockAddresses At(std::vector<std::string> addresses,
                         std::vector<std::uint32_t> partitions = {}) {
  return {.driver = BlockDriver::kPci,
          .addresses = std::move(addresses),
          .partitions = std::move(partitions)};
}

inline constexpr char kRootHash[] =
    "9de18652fe74edfb9b805aaed72ae2aa48f94333f1ba5c452ac33b1c39325174";

inline KataVolume GuestPull(JsonMap metadata = {}) {
  return {.volume_type = "image_guest_pull",
          .source = "registry.example/app:1",
          .image_pull = KataVolume::Metadata{.metadata = std::move(metadata)}};
}

inline KataVolume ImageDisk(std::string path = "/cache/a.image.disk") {
  return {.volume_type = "image_raw_block",
          .source = std::move(path),
          .fs_type = "erofs",
          .options = {"ro"}};
}

inline KataVolume LayerDisk(int number) {
  return {.volume_type = "layer_raw_block",
          .source = StrCat("/cache/", number, ".layer.disk"),
          .fs_type = "erofs",
          .options = {"ro"}};
}

// Of a real tarfs image: its 2361 data blocks end 7 blocks before the hash tree.
inline DmVerity TarfsVerity() {
  return {.hash_algorithm = "sha256",
          .root_hash = kRootHash,
          .data_blocks = 2361,
          .data_block_size = 512,
          .hash_block_size = 4096,
          .hash_offset = 1212416,
          .salt = {},
          .hash_type = 1,
          .no_superblock = true};
}

inline KataVolume NydusImage() {
  return {.volume_type = "image_nydus_fs",
          .source = "/snapshots/1/fs/image/image.boot",
          .fs_type = "rafsv6",
          .nydus_image = KataVolume::NydusImage{.config = "{}", .snapshot_dir = "/snapshots/2"}};
}

inline KataVolume DirectBlock() {
  return {.volume_type = "direct_block",
          .source = "/dev/vdb",
          .fs_type = "ext4",
          .options = {"rw"},
          .direct_volume = KataVolume::Metadata{.metadata = JsonMap{{"k", "v"}}}};
}

}  // namespace nydus
