// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "snapshot/payload/dm_verity.h"
#include "snapshot/payload/json_reading.h"

namespace nydus {

// The mount option that carries a Kata volume: NAME=BASE64.
inline constexpr std::string_view kKataVolumeOptionName = "io.katacontainers.volume";

enum class KataVolumeType {
  kDirectBlock,
  kImageRawBlock,
  kLayerRawBlock,
  kImageNydusBlock,
  kLayerNydusBlock,
  kImageNydusFs,
  kLayerNydusFs,
  kImageGuestPull,
};

// The `volume_type` of KataVirtualVolume, e.g. "image_raw_block"; nothing for an unknown one.
std::optional<KataVolumeType> ParseKataVolumeType(std::string_view name);

// The name that ParseKataVolumeType() reads.
std::string_view KataVolumeTypeName(KataVolumeType type);

// The payload of `io.katacontainers.volume=`: KataVirtualVolume of nydus-snapshotter
// (snapshot/mount_option.go), Kata's Go runtime and kata-types.
struct KataVolume {
  // Go tells an absent map from an empty one, and its validators ask.
  struct Metadata {
    std::optional<JsonMap> metadata;
    bool operator==(const Metadata&) const = default;
  };
  struct NydusImage {
    std::string config;
    std::string snapshot_dir;
    bool operator==(const NydusImage&) const = default;
  };

  std::string volume_type;  // as written; may be unknown
  std::string source;
  std::string fs_type;
  std::vector<std::string> options;
  std::optional<Metadata> direct_volume;
  std::optional<Metadata> image_pull;
  std::optional<NydusImage> nydus_image;
  std::optional<DmVerity> dm_verity;

  bool operator==(const KataVolume&) const = default;
};

// The JSON text of `volume`, byte for byte as nydus-snapshotter writes it: empty members are left
// out, but an object that is present and has no metadata says `"metadata":null`.
std::string FormatKataVolume(const KataVolume& volume);

// Reads without validating.
Result<KataVolume> ReadKataVolume(const JsonValue& value, const JsonReading& reading);

// True if the object has a key that only a Kata volume has: somebody put one into `extraoption=`.
bool LooksLikeKataVolume(const JsonValue& value);

}  // namespace nydus
