// SPDX-License-Identifier: Apache-2.0
#include "kata/volume_storage.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "kata/block_volumes.h"
#include "snapshot/mount_slice/labels.h"
#include "snapshot/payload/json_writing.h"
#include "snapshot/payload/volume_conversion.h"

namespace nydus {

namespace {

Failure Bad(std::string message, std::string hint = {}) {
  return Fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

Failure BadVolume(Error error, std::size_t index, std::size_t count) {
  return Failure(Wrap(std::move(error), StrCat("volume ", index + 1, " of ", count)));
}

// By which container engines say that a container is the pod's sandbox, and their names for its
// image (Kata: src/runtime/virtcontainers/kata_agent.go, handleImageGuestPullBlockVolume).
struct EngineNames {
  std::string_view container_type;
  std::string_view image;
};
constexpr std::array<EngineNames, 2> kEngines = {{
    {"io.kubernetes.cri.container-type", "io.kubernetes.cri.image-name"},
    {"io.kubernetes.cri-o.ContainerType", "io.kubernetes.cri-o.ImageName"},
}};

std::string_view ValueOf(const JsonMap& metadata, std::string_view key) {
  const auto found = metadata.find(std::string(key));
  return found == metadata.end() ? std::string_view() : found->second;
}

// The agent has an image of its own for the pod's sandbox.
Result<std::string> ImageReference(const KataVolume& volume, const JsonMap& metadata) {
  for (const EngineNames& engine : kEngines) {
    if (ValueOf(metadata, engine.container_type) == "sandbox") return "pause";
  }
  for (const EngineNames& engine : kEngines) {
    const std::string_view image = ValueOf(metadata, engine.image);
    if (!image.empty()) return std::string(image);
  }
  if (volume.source.empty() || volume.source == kDummyImageReference) {
    return Bad("source: is no image reference",
               StrCat("image_pull.metadata may have it as ", kEngines.front().image));
  }
  return volume.source;
}

Result<AgentStorage> GuestPullStorage(const KataVolume& volume, const std::string& container) {
  JsonMap metadata;
  if (volume.image_pull && volume.image_pull->metadata) metadata = *volume.image_pull->metadata;
  Result<std::string> image = ImageReference(volume, metadata);
  if (!image) return Failure(std::move(image.error()));
  JsonObjectWriter pull;
  pull.AddMap("metadata", metadata);
  return AgentStorage{.driver = "image_guest_pull",
                      .driver_options = {StrCat("image_guest_pull=", pull.Finish())},
                      .source = std::move(*image),
                      .fs_type = "overlay",
                      .options = {},
                      .mount_point = GuestVolumeRootfs(container)};
}

// What a type of volume is to a container.
enum class Role { kGuestPull, kNydusImage, kBlockImage, kBlockLayer, kDirectVolume };

Result<Role> RoleOf(const KataVolume& volume) {
  const std::optional<KataVolumeType> type = ParseKataVolumeType(volume.volume_type);
  if (!type) return Bad("volume_type: is not known");
  switch (*type) {
    case KataVolumeType::kImageGuestPull: return Role::kGuestPull;
    case KataVolumeType::kImageNydusFs:
    case KataVolumeType::kLayerNydusFs: return Role::kNydusImage;
    case KataVolumeType::kImageRawBlock: return Role::kBlockImage;
    case KataVolumeType::kLayerRawBlock: return Role::kBlockLayer;
    case KataVolumeType::kDirectBlock: return Role::kDirectVolume;
    case KataVolumeType::kImageNydusBlock:
    case KataVolumeType::kLayerNydusBlock:
      return Bad(StrCat("volume_type: ", volume.volume_type,
                        ": neither nydusd nor Kata's agent mounts a Nydus image from a block "
                        "device"));
  }
  std::unreachable();
}

Result<std::vector<Role>> RolesOf(std::span<const KataVolume> volumes) {
  std::vector<Role> roles;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    Result<Role> role = RoleOf(volumes[i]);
    if (!role) return BadVolume(std::move(role.error()), i, volumes.size());
    roles.push_back(*role);
  }
  return roles;
}

// One root file system at most, which layers alone can share, and one direct volume.
Result<> CheckRoles(const std::vector<Role>& roles) {
  if (roles.size() > kMaxBlockVolumes) {
    return Bad(StrCat("volumes: are more than ", kMaxBlockVolumes));
  }
  if (std::ranges::count(roles, Role::kDirectVolume) > 1) {
    return Bad("volumes: there are two of type direct_block, but one place for a mountInfo.json");
  }
  const Role* first = nullptr;
  for (const Role& role : roles) {
    if (role == Role::kDirectVolume) continue;
    if (first != nullptr && (role != Role::kBlockLayer || *first != role)) {
      return Bad("volumes: more than one is a root file system, and they are not layers");
    }
    first = &role;
  }
  return {};
}

bool IsBlockRole(Role role) {
  return role != Role::kGuestPull && role != Role::kNydusImage;
}

Result<> CheckAddresses(const BlockAddresses& addresses, std::size_t devices) {
  if (addresses.addresses.empty() && addresses.partitions.empty()) return {};
  if (addresses.addresses.size() != devices) {
    return Bad(StrCat("there are ", devices, " block devices and ", addresses.addresses.size(),
                      " addresses"));
  }
  if (!addresses.partitions.empty() && addresses.partitions.size() != devices) {
    return Bad(StrCat("there are ", devices, " block devices and ", addresses.partitions.size(),
                      " partitions"));
  }
  for (const std::string& address : addresses.addresses) {
    if (!IsBlockAddress(addresses.driver, address)) {
      return Bad(
          StrCat(Quote(address), ": is no address of driver ", BlockDriverName(addresses.driver)));
    }
  }
  return {};
}

// Two volumes on one place of the guest would be the same one.
Result<> CheckDistinct(const std::vector<BlockDevice>& devices) {
  for (std::size_t i = 0; i < devices.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (devices[i].address == devices[j].address &&
          devices[i].partition == devices[j].partition) {
        return Bad(StrCat(Quote(devices[i].address), ": is the address of two block devices"));
      }
    }
  }
  return {};
}

Result<std::vector<BlockDevice>> BlockDevicesOf(std::span<const KataVolume> volumes,
                                                const std::vector<Role>& roles,
                                                const BlockAddresses& addresses) {
  std::vector<BlockDevice> devices;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (!IsBlockRole(roles[i])) continue;
    Result<BlockDevice> device = BlockDeviceOf(volumes[i], roles[i] != Role::kDirectVolume);
    if (!device) return BadVolume(std::move(device.error()), i, volumes.size());
    devices.push_back(std::move(*device));
  }
  if (Result<> usable = CheckAddresses(addresses, devices.size()); !usable) {
    return Failure(std::move(usable.error()));
  }
  for (std::size_t i = 0; i < addresses.addresses.size(); ++i) {
    devices[i].address = addresses.addresses[i];
    if (!addresses.partitions.empty()) devices[i].partition = addresses.partitions[i];
  }
  if (addresses.addresses.empty()) return devices;
  if (Result<> distinct = CheckDistinct(devices); !distinct) {
    return Failure(std::move(distinct.error()));
  }
  return devices;
}

// The root file system's devices first, then the direct volume's.
Result<> AppendBlockStorages(std::span<const KataVolume> volumes, const std::vector<Role>& roles,
                             const std::string& container, BlockDriver driver,
                             VolumeHandOver& result) {
  std::vector<BlockDevice> rootfs;
  std::optional<AgentStorage> direct;
  auto device = result.block_devices.begin();
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (!IsBlockRole(roles[i])) continue;
    if (roles[i] != Role::kDirectVolume) {
      rootfs.push_back(*device++);
      continue;
    }
    Result<AgentStorage> storage = DirectVolumeStorage(volumes[i], *device++, driver);
    if (!storage) return BadVolume(std::move(storage.error()), i, volumes.size());
    direct = std::move(*storage);
  }
  if (!rootfs.empty()) {
    Result<std::vector<AgentStorage>> storages = BlockRootfsStorages(rootfs, container, driver);
    if (!storages) return Failure(std::move(storages.error()));
    std::ranges::move(*storages, std::back_inserter(result.storages));
  }
  if (direct) result.storages.push_back(std::move(*direct));
  return {};
}

// A volume that is no block device, or the mountInfo.json of one that is.
Result<> DescribeVolume(const KataVolume& volume, Role role, const std::string& container,
                        VolumeHandOver& result) {
  if (role == Role::kGuestPull) {
    Result<AgentStorage> storage = GuestPullStorage(volume, container);
    if (!storage) return Failure(std::move(storage.error()));
    result.storages.push_back(std::move(*storage));
  } else if (role == Role::kNydusImage) {
    result.image = NydusImageOf(volume);
    result.storages.push_back(OverlayStorage(container));
    return ValidateExtraOption(*result.image);
  } else if (role == Role::kDirectVolume) {
    Result<DirectVolume> direct = DirectVolumeOf(volume);
    if (!direct) return Failure(std::move(direct.error()));
    result.direct_volume = std::move(*direct);
  }
  return {};
}

}  // namespace

Result<VolumeHandOver> DescribeVolumes(std::span<const KataVolume> volumes,
                                       const std::string& container,
                                       const BlockAddresses& addresses) {
  Result<std::vector<Role>> roles = RolesOf(volumes);
  if (!roles) return Failure(std::move(roles.error()));
  if (Result<> usable = CheckRoles(*roles); !usable) return Failure(std::move(usable.error()));
  VolumeHandOver result;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    Result<> described = DescribeVolume(volumes[i], (*roles)[i], container, result);
    if (!described) return BadVolume(std::move(described.error()), i, volumes.size());
  }
  Result<std::vector<BlockDevice>> devices = BlockDevicesOf(volumes, *roles, addresses);
  if (!devices) return Failure(std::move(devices.error()));
  result.block_devices = std::move(*devices);
  if (addresses.addresses.empty()) return result;
  Result<> appended = AppendBlockStorages(volumes, *roles, container, addresses.driver, result);
  if (!appended) return Failure(std::move(appended.error()));
  return result;
}

std::optional<ExtraOption> NydusImageOf(const KataVolume& volume) {
  const std::optional<KataVolumeType> type = ParseKataVolumeType(volume.volume_type);
  if (type != KataVolumeType::kImageNydusFs && type != KataVolumeType::kLayerNydusFs) {
    return std::nullopt;
  }
  ExtraOption image{.source = volume.source, .config = {}, .snapshot_dir = {}, .fs_version = {}};
  if (volume.nydus_image) {
    image.config = volume.nydus_image->config;
    image.snapshot_dir = volume.nydus_image->snapshot_dir;
  }
  // "rafsv6" of a volume is "v6" of an extra option.
  constexpr std::string_view kRafs = "rafs";
  if (volume.fs_type.starts_with(kRafs)) image.fs_version = volume.fs_type.substr(kRafs.size());
  return image;
}

}  // namespace nydus
