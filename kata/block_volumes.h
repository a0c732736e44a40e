// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kata/agent_storage.h"
#include "kata/block_device.h"
#include "snapshot/payload/kata_volume.h"

// Volumes that are block devices, step by step; kata/volume_storage.h puts them together.
namespace nydus {

// The device of a raw_block or direct_block volume, without its address. Images and layers are
// read-only, direct volumes if an option says so.
Result<BlockDevice> BlockDeviceOf(const KataVolume& volume, bool is_image);

// The container's root file system on devices with addresses, top layer first.
Result<std::vector<AgentStorage>> BlockRootfsStorages(std::span<const BlockDevice> devices,
                                                      const std::string& container,
                                                      BlockDriver driver);

// A direct volume on a device with an address. The agent mounts it where Kata's runtimes bind it
// from, below /run/kata-containers/sandbox/storage/.
Result<AgentStorage> DirectVolumeStorage(const KataVolume& volume, const BlockDevice& device,
                                         BlockDriver driver);

}  // namespace nydus
