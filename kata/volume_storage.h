// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "kata/agent_storage.h"
#include "kata/block_device.h"
#include "snapshot/payload/direct_volume.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"

namespace nydus {

// What a container's Kata volumes come to.
struct VolumeHandOver {
  // For the agent. Without addresses, none for the block devices: attach them, then ask again.
  std::vector<AgentStorage> storages;
  std::vector<BlockDevice> block_devices;     // for the VMM, in the order of the volumes
  std::optional<ExtraOption> image;           // for nydusd; its overlay is among the storages
  std::optional<DirectVolume> direct_volume;  // for mountInfo.json (kata/direct_volume_file.h)

  bool operator==(const VolumeHandOver&) const = default;
};

// `container` is an identifier. By type:
//   image_guest_pull                    the agent pulls the image
//   image_raw_block, layer_raw_block    block devices: EROFS below an overlay, top layer first, or
//                                       one device of any file system, read-only
//   image_nydus_fs, layer_nydus_fs      nydusd's, like an extra option; one alone
//   direct_block                        a block device that is a volume, besides any of the others
//   image_nydus_block, layer_nydus_block  an error: no agent mounts them
// The root file system is of one kind. Errors (kUsage) name the volume and its member. Without a
// way to have the agent check a volume's dm-verity, there is no storage for it but an error.
// Nothing is changed; of an image with dm-verity a few bytes are read (SettleSuperblock).
Result<VolumeHandOver> DescribeVolumes(std::span<const KataVolume> volumes,
                                       const std::string& container,
                                       const BlockAddresses& addresses);

// What nydusd is to serve for this volume; nothing if it is none of nydusd's. Not validated.
std::optional<ExtraOption> NydusImageOf(const KataVolume& volume);

}  // namespace nydus
