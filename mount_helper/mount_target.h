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

// Whether paths of the caller may be looked up after the target has been named.
enum class WorkingDirectory { kKept, kFree };

// The target for system calls that take no descriptor: "." after entering it, or, where the
// working directory must stay, "/proc/self/fd/N". The latter fails where /proc is missing or does
// not show this process.
Result<std::string> NameTarget(const MountTarget& target, WorkingDirectory working_directory);

// Makes the root of the mount that now covers `target` the working directory, so that "." names
// it. Fails if nothing was mounted on the target meanwhile.
Result<> EnterMountedRoot(const MountTarget& target);

// Takes the topmost mount at the target's path away: undoes a mount that was just made.
void UnmountTop(const MountTarget& target);

}  // namespace nydus
