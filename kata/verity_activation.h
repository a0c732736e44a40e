// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "snapshot/payload/dm_verity.h"

// How a guest is told to check a device's integrity. The DmVerity of all three is valid for
// activation (ValidateDmVerityForActivation); data and hash tree are on one device.
namespace nydus {

// Stands in a table for the device's path in the guest.
inline constexpr std::string_view kVerityDevice = "DEVICE";

// The table of a verity target, as `dmsetup create` takes it (kernel:
// Documentation/admin-guide/device-mapper/verity.rst).
std::string VerityTable(const DmVerity& verity);

// The options by which Kata's agent learns of it (src/agent/src/storage/multi_layer_erofs.rs,
// parse_dmverity_options). The agent is not told the number of data blocks but takes all up to the
// hash area for data: an error where that would be another hash tree.
Result<std::vector<std::string>> AgentVerityOptions(const DmVerity& verity);

// Payloads of nydus-snapshotter do not say whether a superblock lies in front of the hash tree, and
// the next Kata would assume one. Sets `no_superblock` if the image at `path` has none at
// `hash_offset`. Nothing is written, and nothing but a regular file or a block device is opened.
Result<> SettleSuperblock(const std::string& path, DmVerity& verity);

}  // namespace nydus
