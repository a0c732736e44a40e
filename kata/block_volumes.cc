// SPDX-License-Identifier: Apache-2.0
#include "kata/block_volumes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "kata/verity_activation.h"

namespace nydus {

namespace {

constexpr std::string_view kErofs = "erofs";
constexpr std::string_view kReadOnly = "ro";

// A page, which the agent's mount options have to fit in (src/libs/kata-sys-util/src/mount.rs).
constexpr std::size_t kMaxAgentMountOptions = 4095;

// Where Kata's Go runtime has the agent mount volumes (kataGuestSandboxStorageDir).
constexpr std::string_view kGuestVolumes = "/run/kata-containers/sandbox/storage/";

// No message holds a value of a volume, which may be a credential: they name members.
Failure Bad(std::string message, std::string hint = {}) {
  return Fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

bool IsHostPath(std::string_view path) {
  constexpr std::size_t kMaxPath = 4095;
  return path.starts_with('/') && path.size() <= kMaxPath &&
         path.find('\0') == std::string_view::npos;
}

// Words that a file system would refuse because they are meant for somebody on the way to it.
bool IsForSomebodyElse(std::string_view word) {
  return word == "loop" || word.starts_with("X-") || word.starts_with("x-") ||
         word.starts_with("io.katacontainers.") || word.starts_with("extraoption=");
}

bool HasOption(const std::vector<std::string>& options, std::string_view word) {
  return std::ranges::find(options, word) != options.end();
}

Result<std::vector<std::string>> SplitOptions(const std::vector<std::string>& options) {
  std::vector<std::string> words;
  std::size_t bytes = 0;
  for (std::string_view rest : options) {
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(word.size() + 1, rest.size()));
      if (word.empty()) continue;
      if (IsForSomebodyElse(word) || word.find('\0') != std::string_view::npos) {
        return Bad("options: one is no option of a mount in the guest",
                   "loop, extraoption= and words that begin with X-, x- or io.katacontainers. are "
                   "for somebody else");
      }
      bytes += word.size() + 1;
      words.emplace_back(word);
    }
  }
  if (bytes > kMaxAgentMountOptions) {
    return Bad(StrCat("options: are longer than ", kMaxAgentMountOptions, " bytes"));
  }
  return words;
}

// device= names a further file that the guest does not have; the agent drops all other options.
Result<> CheckErofsOptions(const BlockDevice& device) {
  for (const std::string& option : device.options) {
    if (option != kReadOnly) {
      return Bad(
          "options: all but ro would be lost: Kata's agent mounts EROFS layers with ro alone");
    }
  }
  return {};
}

// Drivers whose devices the agent finds for a layer (multi_layer_erofs.rs,
// resolve_base_device_path); it takes no path below /dev there.
bool CarriesLayers(BlockDriver driver) {
  return driver == BlockDriver::kPci || driver == BlockDriver::kScsi;
}

Result<AgentStorage> LayerStorage(const BlockDevice& device, const std::string& mount_point,
                                  BlockDriver driver) {
  AgentStorage storage{.driver = std::string(BlockDriverName(driver)),
                       .driver_options = {},
                       .source = device.address,
                       .fs_type = device.fs_type,
                       .options = {"X-kata.overlay-lower", "X-kata.multi-layer=true"},
                       .mount_point = mount_point};
  if (device.partition != 0) {
    storage.options.emplace_back("X-kata.gpt-partitioned=true");
    storage.options.push_back(StrCat("X-kata.partition-number=", device.partition));
  }
  if (device.dm_verity) {
    Result<std::vector<std::string>> verity = AgentVerityOptions(*device.dm_verity);
    if (!verity) return Failure(std::move(verity.error()));
    std::ranges::move(*verity, std::back_inserter(storage.options));
  }
  return storage;
}

Result<> CheckLayer(const BlockDevice& device, BlockDriver driver) {
  if (device.fs_type != kErofs) {
    return Bad(StrCat("fs_type: is not erofs, the only one that Kata's agent ",
                      device.dm_verity ? "checks with dm-verity" : "puts layers together of"));
  }
  if (!CarriesLayers(driver) || device.address.starts_with('/')) {
    return Bad(
        "the address is neither a PCI path of driver blk nor one of driver scsi, which "
        "Kata's agent demands of an EROFS layer");
  }
  if (device.dm_verity && device.partition == 0) {
    return Bad("dm_verity: Kata's agent would not check the image's integrity",
               "it checks partitions of a GPT only; name the partition");
  }
  return CheckErofsOptions(device);
}

// The agent sorts layers by partition, the lowest on top and whole devices last.
Result<> CheckPartitionOrder(std::span<const BlockDevice> devices) {
  const auto in_wrong_order = [](const BlockDevice& upper, const BlockDevice& lower) {
    if (lower.partition == 0) return false;
    return upper.partition == 0 || upper.partition > lower.partition;
  };
  if (std::ranges::adjacent_find(devices, in_wrong_order) == devices.end()) return {};
  return Bad(
      "the partitions do not ascend from the top layer down, the order in which Kata's agent "
      "stacks them");
}

Result<std::vector<AgentStorage>> OverlayOfLayers(std::span<const BlockDevice> devices,
                                                  const std::string& container,
                                                  BlockDriver driver) {
  if (container.contains("..")) {
    return Bad(StrCat("container ", Quote(container), ": Kata's agent refuses a name with '..'"));
  }
  if (Result<> order = CheckPartitionOrder(devices); !order) {
    return Failure(std::move(order.error()));
  }
  std::vector<AgentStorage> storages;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const BlockDevice& device = devices[i];
    Result<> usable = CheckLayer(device, driver);
    Result<AgentStorage> storage;
    if (usable) storage = LayerStorage(device, GuestVolumeRootfs(container), driver);
    if (!usable || !storage) {
      return Failure(Wrap(usable ? std::move(storage.error()) : std::move(usable.error()),
                          StrCat("block device ", i + 1, " of ", devices.size())));
    }
    storages.push_back(std::move(*storage));
  }
  return storages;
}

Result<AgentStorage> PlainStorage(const BlockDevice& device, BlockDriver driver,
                                  std::string mount_point) {
  if (device.partition != 0) {
    return Bad(
        "Kata's agent mounts partitions only of EROFS layers, and only from drivers blk and "
        "scsi");
  }
  AgentStorage storage{.driver = std::string(BlockDriverName(driver)),
                       .driver_options = {},
                       .source = device.address,
                       .fs_type = device.fs_type,
                       .options = device.options,
                       .mount_point = std::move(mount_point)};
  if (device.read_only && !HasOption(storage.options, kReadOnly)) {
    storage.options.emplace_back(kReadOnly);
  }
  if (driver == BlockDriver::kNvdimm) storage.options.emplace_back("dax");
  // Snapshots share a UUID, of which xfs mounts only one.
  if (device.fs_type == "xfs" && !HasOption(storage.options, "nouuid")) {
    storage.options.emplace_back("nouuid");
  }
  return storage;
}

// What mountInfo.json tells Kata's runtimes (src/runtime/pkg/direct-volume/utils.go) and a storage
// without it would leave undone.
constexpr std::array<std::string_view, 4> kRuntimeMetadata = {"fsGroup", "fsGroupChangePolicy",
                                                              "encryptionKey", "createFilesystem"};

}  // namespace

Result<BlockDevice> BlockDeviceOf(const KataVolume& volume, bool is_image) {
  if (!IsHostPath(volume.source)) return Bad("source: is not an absolute path");
  if (volume.fs_type.empty()) return Bad("fs_type: is empty");
  Result<std::vector<std::string>> options = SplitOptions(volume.options);
  if (!options) return Failure(std::move(options.error()));
  if (is_image && HasOption(*options, "rw")) return Bad("options: rw, but images are read-only");
  BlockDevice device{.source = volume.source,
                     .read_only = is_image || HasOption(*options, kReadOnly),
                     .fs_type = volume.fs_type,
                     .options = std::move(*options),
                     .address = {},
                     .partition = 0,
                     .dm_verity = volume.dm_verity};
  if (!device.dm_verity) return device;
  Result<> usable = ValidateDmVerityForActivation(*device.dm_verity);
  if (usable) usable = SettleSuperblock(device.source, *device.dm_verity);
  if (!usable) return Failure(Wrap(std::move(usable.error()), "dm_verity"));
  return device;
}

Result<std::vector<AgentStorage>> BlockRootfsStorages(std::span<const BlockDevice> devices,
                                                      const std::string& container,
                                                      BlockDriver driver) {
  const BlockDevice& top = devices.front();
  const bool is_erofs_layer =
      top.fs_type == kErofs && CarriesLayers(driver) && !top.address.starts_with('/');
  if (devices.size() > 1 || top.dm_verity || is_erofs_layer) {
    return OverlayOfLayers(devices, container, driver);
  }
  Result<AgentStorage> storage = PlainStorage(top, driver, GuestVolumeRootfs(container));
  if (!storage) return Failure(std::move(storage.error()));
  return std::vector<AgentStorage>{std::move(*storage)};
}

Result<AgentStorage> DirectVolumeStorage(const KataVolume& volume, const BlockDevice& device,
                                         BlockDriver driver) {
  if (volume.direct_volume && volume.direct_volume->metadata) {
    for (const std::string_view key : kRuntimeMetadata) {
      if (volume.direct_volume->metadata->contains(std::string(key))) {
        return Bad(StrCat("direct_volume.metadata.", key, ": is for Kata's runtimes alone"));
      }
    }
  }
  return PlainStorage(device, driver, StrCat(kGuestVolumes, EncodeBase64Url(device.address)));
}

}  // namespace nydus
