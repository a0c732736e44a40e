// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/volume_conversion.h"

#include <string_view>
#include <utility>

#include "base/base64.h"
#include "base/text.h"

namespace nydus {

namespace {

constexpr std::string_view kBlock = "block";

Failure Bad(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

std::string NameOf(KataVolumeType type) {
  return std::string(KataVolumeTypeName(type));
}

Failure NoPlaceFor(std::string_view object) {
  return Bad(StrCat(object, ": has no place in mountInfo.json"));
}

}  // namespace

Result<KataVolume> KataVolumeOf(const DirectVolume& volume) {
  if (volume.volume_type != kBlock) return Bad(StrCat("volume-type: is not ", kBlock));
  return KataVolume{.volume_type = NameOf(KataVolumeType::kDirectBlock),
                    .source = volume.device,
                    .fs_type = volume.fs_type,
                    .options = volume.options,
                    .direct_volume = KataVolume::Metadata{volume.metadata}};
}

Result<DirectVolume> DirectVolumeOf(const KataVolume& volume) {
  if (volume.volume_type != KataVolumeTypeName(KataVolumeType::kDirectBlock)) {
    return Bad("volume_type: is not direct_block");
  }
  if (volume.image_pull) return NoPlaceFor("image_pull");
  if (volume.nydus_image) return NoPlaceFor("nydus_image");
  if (volume.dm_verity) return NoPlaceFor("dm_verity");
  DirectVolume direct{.volume_type = std::string(kBlock),
                      .device = volume.source,
                      .fs_type = volume.fs_type,
                      .metadata = {},
                      .options = volume.options};
  if (volume.direct_volume && volume.direct_volume->metadata) {
    direct.metadata = *volume.direct_volume->metadata;
  }
  return direct;
}

Result<KataVolume> KataVolumeOf(const ExtraOption& option) {
  std::string_view version = option.fs_version;
  if (version.starts_with("rafs")) version.remove_prefix(4);
  if (version != "v5" && version != "v6") {
    return Bad("fs_version: is none of v5, v6, rafsv5 and rafsv6");
  }
  return KataVolume{.volume_type = NameOf(KataVolumeType::kImageNydusFs),
                    .source = option.source,
                    .fs_type = StrCat("rafs", version),
                    .nydus_image = KataVolume::NydusImage{.config = option.config,
                                                          .snapshot_dir = option.snapshot_dir}};
}

std::string ForcedGuestPullOption() {
  const KataVolume volume{.volume_type = NameOf(KataVolumeType::kImageGuestPull)};
  return StrCat(kKataVolumeOptionName, "=", EncodeBase64(FormatKataVolume(volume)));
}

}  // namespace nydus
