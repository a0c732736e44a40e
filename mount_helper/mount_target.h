// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// The directory to mount on, opened once: whatever happens to its path afterwards, the mount goes
// to this directory.
struct MountTarget {
  std::string path;  // absolute
  UniqueFd fd;       // O_PATH
};

// Links in the parents are followed, one at the end is refused.
Result<MountTarget> OpenMountTarget(const std::string& path);

// A path for system calls that take no descriptor: "/proc/self/fd/N". Fails where /proc is missing
// or does not show this process.
Result<std::string> DescriptorPath(int fd);

// The root of the mount that now covers `target`; fails if nothing was mounted on it meanwhile.
Result<UniqueFd> OpenMountedRoot(const MountTarget& target);

}  // namespace nydus
