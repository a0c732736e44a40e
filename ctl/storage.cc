// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/input_text.h"
#include "ctl/verbs.h"
#include "kata/agent_storage.h"
#include "kata/block_device.h"
#include "kata/rootfs_plan.h"
#include "kata/volume_storage.h"
#include "mount_helper/command_line.h"
#include "mount_helper/mount_request.h"
#include "mount_helper/payload_check.h"

DEFINE_bool(shared, false, "describe the sandbox's shared directory instead");
DEFINE_string(driver, "blk",
              "NAME: blk, mmioblk, blk-ccw, scsi or nvdimm: how the block devices are attached");
DEFINE_string(address, "", "LIST: where the guest finds the block devices, in their order");
DEFINE_string(partition, "", "LIST: in which partition each of them lies; 0: it is the device");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Writes the description of a container's root file system for Kata's agent: the storages of\n"
    "its CreateContainerRequest, and the block devices that the VMM has to attach. FILE or\n"
    "standard input holds the options of the container's mount, as they stand behind -o.\n"
    "It is JSON with and without --json. Nothing is handed over or changed; of an image with "
    "dm-verity a few bytes are read.\n"
    "With --shared, writes the one storage of CreateSandboxRequest.\n"
    "\n"
    "Block devices get a storage once --address says where the guest finds them. Kata's agent\n"
    "checks dm-verity in partitions of a GPT alone: without --partition that is an error.\n"
    "\n"
    "What a guest needs to pull an image is shown as it is, secrets in it too.\n";

constexpr std::array<std::string_view, 5> kFlags = {"shared", "driver", "address", "partition",
                                                    "json"};

bool IsDriver(const char*, const std::string& value) {
  return ParseBlockDriver(value).has_value();
}
DEFINE_validator(driver, &IsDriver);

Failure Usage(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

Result<std::uint32_t> ParsePartition(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && number <= kMaxBlockVolumes) return number;
  return Usage(StrCat("--partition: ", Quote(text), " is no number from 0 to ", kMaxBlockVolumes));
}

Result<BlockAddresses> AddressesOfFlags() {
  BlockAddresses addresses{.driver = *ParseBlockDriver(FLAGS_driver),
                           .addresses = SplitListFlag(FLAGS_address),
                           .partitions = {}};
  for (const std::string& text : SplitListFlag(FLAGS_partition)) {
    const Result<std::uint32_t> partition = ParsePartition(text);
    if (!partition) return Failure(partition.error());
    addresses.partitions.push_back(*partition);
  }
  return addresses;
}

// Of a mount in mode kata, whether or not the options say so.
Result<DecodedPayloads> ReadPayloads(const std::string& container, const std::string& file) {
  const Result<std::string> options = ReadMountOptions(file);
  if (!options) return Failure(options.error());
  CommandLine line;
  line.options = StrCat("nydus.mode=kata,nydus.container=", container, ",", *options);
  const Result<MountRequest> request = ParseMountRequest(line);
  if (!request) return Failure(request.error());
  if (request->mode != MountMode::kKata || request->hand_over.container != container) {
    return Usage("the options name another mode or container");
  }
  const PayloadPolicy policy = request->policy.value_or(PayloadPolicy::kCompatible);
  if (policy == PayloadPolicy::kIgnore) {
    return Usage("nydus.payload=ignore leaves nothing to describe");
  }
  return DecodePayloads(request->payloads, policy);
}

Result<VolumeHandOver> Describe(const DecodedPayloads& payloads, const std::string& container,
                                const BlockAddresses& addresses) {
  if (payloads.volumes.empty() && !payloads.extra_option) {
    return Usage(StrCat("the options have neither ", kExtraOptionName, "= nor ",
                        kKataVolumeOptionName, "="));
  }
  Result<VolumeHandOver> result = DescribeVolumes(payloads.volumes, container, addresses);
  // Volumes win over an extra option, as in Kata.
  if (result && payloads.volumes.empty()) result->storages.push_back(OverlayStorage(container));
  return result;
}

Result<VerbOutcome> DescribeContainer(const Operands& operands) {
  if (operands.empty() || operands.size() > 2) {
    return Usage("storage wants a container and at most one file");
  }
  const std::string& container = operands.front();
  if (Result<> named = CheckContainerName(container); !named) {
    return Failure(std::move(named.error()));
  }
  const Result<BlockAddresses> addresses = AddressesOfFlags();
  if (!addresses) return Failure(addresses.error());
  const Result<DecodedPayloads> payloads =
      ReadPayloads(container, operands.size() == 2 ? operands[1] : "-");
  if (!payloads) return Failure(payloads.error());
  const Result<VolumeHandOver> description = Describe(*payloads, container, *addresses);
  if (!description) return Failure(description.error());
  return VerbOutcome{
      .output = StrCat(
          FormatContainerDescription(description->storages, description->block_devices), "\n")};
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (!FLAGS_shared) return DescribeContainer(operands);
  if (!operands.empty()) return Usage("--shared takes no container");
  return VerbOutcome{.output = StrCat(FormatAgentStorage(SharedDirectoryStorage()), "\n")};
}

}  // namespace

Verb StorageVerb() {
  return {.name = "storage",
          .operands = "CONTAINER [FILE] | --shared",
          .summary = "describe a root file system for Kata's agent",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
