// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "kata/sandbox_paths.h"
#include "snapshot/payload/direct_volume.h"

// mountInfo.json of a direct volume, where Kata's runtimes look for it (Kata:
// src/runtime/pkg/direct-volume/utils.go): a directory (0700) per volume, the file (0600) in it,
// and beside it an empty file per sandbox that uses the volume.
namespace nydus {

// Writes the file for the volume that appears at `volume_path` among a container's mounts. All of
// it or nothing; the same text again is success, another one (kUsage) is refused. Every directory
// on the way is root's or this user's and no link.
Result<> WriteMountInfo(const KataDirectories& directories, const std::string& volume_path,
                        const DirectVolume& volume);

// Removes the file and, if nothing else is in it, its directory. One that is not there is success.
Result<> RemoveMountInfo(const KataDirectories& directories, const std::string& volume_path);

}  // namespace nydus
