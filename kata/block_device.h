// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "snapshot/payload/dm_verity.h"

// Block devices that a VMM attaches to a guest, so that the agent can mount them.
namespace nydus {

// A GPT has as many entries.
inline constexpr std::size_t kMaxBlockVolumes = 128;

// The agent's drivers for block devices (Kata: src/libs/kata-types/src/device.rs), and the address
// by which each finds its device (src/agent/src/storage/block_handler.rs).
enum class BlockDriver {
  kPci,     // "blk": the PCI path of a virtio-blk device, "02/01", or its path below /dev
  kMmio,    // "mmioblk": a path below /dev
  kCcw,     // "blk-ccw": "0.0.0005"
  kScsi,    // "scsi": ID and LUN, "0:1"
  kNvdimm,  // "nvdimm": a path below /dev, mounted with dax
};

std::optional<BlockDriver> ParseBlockDriver(std::string_view name);
std::string_view BlockDriverName(BlockDriver driver);

// True if `address` has the form that the agent's driver reads.
bool IsBlockAddress(BlockDriver driver, std::string_view address);

// What a caller knows of the guest's side. Each list has one entry for each volume that is a block
// device, in their order, or none at all.
struct BlockAddresses {
  BlockDriver driver = BlockDriver::kPci;
  std::vector<std::string> addresses;     // none: nothing is attached yet
  std::vector<std::uint32_t> partitions;  // from 1; none: the volumes are whole devices
};

// A file or device of the host that the guest needs as a block device.
struct BlockDevice {
  std::string source;  // absolute path on the host
  bool read_only = true;
  std::string fs_type;
  std::vector<std::string> options;   // of its mount
  std::string address;                // in the guest; empty if not known yet
  std::uint32_t partition = 0;        // that holds it; 0: it is the whole device
  std::optional<DmVerity> dm_verity;  // valid for activation, `no_superblock` as it is in the file

  bool operator==(const BlockDevice&) const = default;
};

// As a JSON object. With dm-verity it holds the target's table too (kata/verity_activation.h).
std::string FormatBlockDevice(const BlockDevice& device);

}  // namespace nydus
