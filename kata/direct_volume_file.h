// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/unique_fd.h"
#include "kata/sandbox_paths.h"
#include "snapshot/payload/direct_volume.h"

// mountInfo.json of a direct volume, where Kata's runtimes look for it (Kata:
// src/runtime/pkg/direct-volume/utils.go): a directory (0700) per volume, the file (0600) in it,
// and beside it an empty file per sandbox that uses the volume.
namespace nydus {

// Every directory on the way is root's or this user's and no link.

// The file of the volume that appears at `volume_path` among a container's mounts, whole but
// without a name: its inode can be recorded before anybody sees it. It goes away unless it gets its
// name.
class UnnamedMountInfo {
 public:
  static Result<UnnamedMountInfo> Make(const KataDirectories& directories,
                                       const std::string& volume_path, const DirectVolume& volume);

  [[nodiscard]] std::uint64_t inode() const { return inode_; }
  // An existing file is somebody else's: kMount, and it stays.
  [[nodiscard]] Result<> GiveName() const;

 private:
  UnnamedMountInfo(UniqueFd directory, UniqueFd file, std::uint64_t inode, std::string path)
      : directory_(std::move(directory)),
        file_(std::move(file)),
        inode_(inode),
        path_(std::move(path)) {}

  UniqueFd directory_;
  UniqueFd file_;
  std::uint64_t inode_;
  std::string path_;
};

// Removes the file if it is the one with this inode, and the volume's directory if nothing else is
// in it. What is not there, or not that file, is left alone and is no error.
Result<> RemoveMountInfo(const KataDirectories& directories, const std::string& volume_path,
                         std::uint64_t inode);

}  // namespace nydus
