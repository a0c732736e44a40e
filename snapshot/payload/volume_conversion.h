// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "snapshot/payload/direct_volume.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"

// What kata-types (src/mount.rs) makes of one description of a volume as another.
namespace nydus {

// A `direct_block` volume; an error unless the volume type is "block".
Result<KataVolume> KataVolumeOf(const DirectVolume& volume);

// The way back: an error unless the type is `direct_block`, and if the volume holds an object that
// mountInfo.json has no place for.
Result<DirectVolume> DirectVolumeOf(const KataVolume& volume);

// An `image_nydus_fs` volume; an error unless fs_version is "v5", "v6", "rafsv5" or "rafsv6".
Result<KataVolume> KataVolumeOf(const ExtraOption& option);

// The one mount option of a container whose image the guest must pull, whatever the snapshotter
// said: adjust_rootfs_mounts.
std::string ForcedGuestPullOption();

}  // namespace nydus
