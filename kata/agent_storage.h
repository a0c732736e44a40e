// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kata/block_device.h"
#include "kata/sandbox_paths.h"

namespace nydus {

// One Storage of the agent's protocol (Kata: src/libs/protocols/protos/agent.proto), in the members
// that Kata's runtimes set.
struct AgentStorage {
  std::string driver;
  std::vector<std::string> driver_options;
  std::string source;
  std::string fs_type;  // "fstype" on the wire
  std::vector<std::string> options;
  std::string mount_point;

  bool operator==(const AgentStorage&) const = default;
};

// The share itself, mounted once per sandbox in the guest.
AgentStorage SharedDirectoryStorage();

// The overlay of a container whose lower directory nydusd serves.
AgentStorage OverlayStorage(std::string_view container);

// As a JSON object with the protocol's member names.
std::string FormatAgentStorage(const AgentStorage& storage);

// Of a container whose root file system the share holds: no storage, and "root_path", where it is.
std::string FormatRootfsDescription(std::string_view container);

// {"storages":[...]} as CreateContainerRequest has it, the text of CONTAINER.json. Devices follow
// as "block_devices", which is not the agent's but for whoever runs the VMM.
std::string FormatContainerDescription(const std::vector<AgentStorage>& storages,
                                       const std::vector<BlockDevice>& block_devices = {});

}  // namespace nydus
