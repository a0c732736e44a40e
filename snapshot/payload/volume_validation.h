// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "snapshot/payload/kata_volume.h"

// The three validators that judge a Kata volume in the field. They disagree: a volume that one
// accepts can be refused by another. Each says which field it refuses.
namespace nydus {

// nydus-snapshotter: KataVirtualVolume.Validate of snapshot/mount_option.go.
Result<> ValidateForSnapshotter(const KataVolume& volume);

// Kata's Go runtime: virtcontainers/types/virtual_volume.go. Accepts unknown types.
Result<> ValidateForKataGo(const KataVolume& volume);

// kata-types: KataVirtualVolume::validate of src/mount.rs. Accepts unknown types, never looks at
// dm_verity. `volume` must have been read in JsonDialect::kRust.
Result<> ValidateForKataRust(const KataVolume& volume);

}  // namespace nydus
