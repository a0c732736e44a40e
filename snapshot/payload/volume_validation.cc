// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/volume_validation.h"

#include <utility>

namespace nydus {

namespace {

Failure Bad(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

Result<> WantSource(const KataVolume& volume) {
  if (volume.source.empty()) return Bad("source: is missing or empty");
  return {};
}

Result<> ValidateVerityIfPresent(const KataVolume& volume) {
  if (!volume.dm_verity) return {};
  if (Result<> valid = ValidateDmVerity(*volume.dm_verity); !valid) {
    return Failure(Wrap(std::move(valid.error()), "dm_verity"));
  }
  return {};
}

Result<> WantMetadata(const std::optional<KataVolume::Metadata>& object, const char* name) {
  if (!object) return Bad(std::string(name) + ": is missing");
  if (!object->metadata) return Bad(std::string(name) + ": metadata: is missing");
  return {};
}

Result<> WantNydusImage(const KataVolume& volume) {
  if (!volume.nydus_image) return Bad("nydus_image: is missing");
  if (volume.nydus_image->config.empty() && volume.nydus_image->snapshot_dir.empty()) {
    return Bad("nydus_image: config and snapshot_dir are both empty");
  }
  return {};
}

Result<> WantWholeNydusImage(const KataVolume& volume) {
  if (!volume.nydus_image) return Bad("nydus_image: is missing");
  if (volume.nydus_image->config.empty()) return Bad("nydus_image: config: is missing or empty");
  if (volume.nydus_image->snapshot_dir.empty()) {
    return Bad("nydus_image: snapshot_dir: is missing or empty");
  }
  return {};
}

Result<> Both(Result<> first, Result<> second) {
  return first ? std::move(second) : std::move(first);
}

}  // namespace

Result<> ValidateForSnapshotter(const KataVolume& volume) {
  const std::optional<KataVolumeType> type = ParseKataVolumeType(volume.volume_type);
  if (!type) return Bad("volume_type: is not one that nydus-snapshotter knows");
  switch (*type) {
    case KataVolumeType::kDirectBlock:
      return Both(WantSource(volume), WantMetadata(volume.direct_volume, "direct_volume"));
    case KataVolumeType::kImageRawBlock:
    case KataVolumeType::kLayerRawBlock:
      return Both(WantSource(volume), ValidateVerityIfPresent(volume));
    case KataVolumeType::kImageNydusBlock:
    case KataVolumeType::kLayerNydusBlock:
    case KataVolumeType::kImageNydusFs:
    case KataVolumeType::kLayerNydusFs: return Both(WantSource(volume), WantNydusImage(volume));
    case KataVolumeType::kImageGuestPull: return WantMetadata(volume.image_pull, "image_pull");
  }
  std::unreachable();
}

Result<> ValidateForKataGo(const KataVolume& volume) {
  if (volume.volume_type.empty()) return Bad("volume_type: is missing or empty");
  const std::optional<KataVolumeType> type = ParseKataVolumeType(volume.volume_type);
  if (!type) return {};
  switch (*type) {
    case KataVolumeType::kDirectBlock:
      return volume.direct_volume ? WantMetadata(volume.direct_volume, "direct_volume")
                                  : Result<>();
    case KataVolumeType::kImageRawBlock:
    case KataVolumeType::kLayerRawBlock: return ValidateVerityIfPresent(volume);
    case KataVolumeType::kImageNydusBlock:
    case KataVolumeType::kLayerNydusBlock:
    case KataVolumeType::kImageNydusFs:
    case KataVolumeType::kLayerNydusFs:
      return volume.nydus_image ? WantNydusImage(volume) : Result<>();
    case KataVolumeType::kImageGuestPull:
      return volume.image_pull ? WantMetadata(volume.image_pull, "image_pull") : Result<>();
  }
  std::unreachable();
}

Result<> ValidateForKataRust(const KataVolume& volume) {
  const std::optional<KataVolumeType> type = ParseKataVolumeType(volume.volume_type);
  if (!type) return {};
  if (Result<> source = WantSource(volume); !source) return source;
  switch (*type) {
    case KataVolumeType::kDirectBlock:
    case KataVolumeType::kImageRawBlock:
    case KataVolumeType::kLayerRawBlock:
      if (volume.fs_type.empty()) return Bad("fs_type: is missing or empty");
      return {};
    case KataVolumeType::kImageNydusBlock:
    case KataVolumeType::kLayerNydusBlock:
      if (volume.fs_type != "rafsv6") return Bad("fs_type: is not rafsv6");
      return WantWholeNydusImage(volume);
    case KataVolumeType::kImageNydusFs:
    case KataVolumeType::kLayerNydusFs:
      if (volume.fs_type != "rafsv5" && volume.fs_type != "rafsv6") {
        return Bad("fs_type: is neither rafsv5 nor rafsv6");
      }
      return WantWholeNydusImage(volume);
    case KataVolumeType::kImageGuestPull: return {};
  }
  std::unreachable();
}

}  // namespace nydus
