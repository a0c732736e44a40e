// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "snapshot/payload/json_reading.h"

namespace nydus {

// A block device that Kata assigns to a guest, as described by a file mountInfo.json: MountInfo of
// Kata's Go runtime (pkg/direct-volume/utils.go), DirectVolumeMountInfo of kata-types
// (src/mount.rs).
struct DirectVolume {
  std::string volume_type;  // "volume-type": "block" is the only one that Kata knows
  std::string device;
  std::string fs_type;  // "fstype"
  JsonMap metadata;
  std::vector<std::string> options;

  bool operator==(const DirectVolume&) const = default;
};

// The text of mountInfo.json, at most kMaxPayloadBytes. Nothing is validated, as nobody does: in
// Go's dialect every member may be missing, in Rust's the first three may not.
Result<DirectVolume> ParseDirectVolume(std::string_view json, const JsonReading& reading);

// The text of mountInfo.json, byte for byte as Kata's Go runtime writes it.
std::string FormatDirectVolume(const DirectVolume& volume);

// Where Kata looks for direct volumes; a rootless kata-runtime puts its own directory in front.
inline constexpr std::string_view kDirectVolumesDirectory =
    "/run/kata-containers/shared/direct-volumes";

// The longest path of a volume, in bytes: as base64 it is one file name, and those end at 255.
inline constexpr std::size_t kMaxVolumePathBytes = 189;

// The path below kDirectVolumesDirectory of the mountInfo.json for the volume that appears at
// `volume_path`, which is taken as it is. Kata makes its directory 0700 and the file 0600.
Result<std::string> MountInfoPath(std::string_view volume_path);

}  // namespace nydus
