// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"

namespace nydus {

// The most mounts that are read from one table. The kernel's own limit is 100,000 by default
// (/proc/sys/fs/mount-max).
inline constexpr std::size_t kMaxMounts = 200'000;

// One mount as the kernel records it (proc_pid_mountinfo(5)), its octal escapes undone.
struct MountEntry {
  int id = 0;
  std::string mount_point;
  std::string type;  // "overlay", "fuse.sshfs"
  std::string source;
  bool is_shared = false;  // what is mounted below shows in the mount's peers and slaves

  bool operator==(const MountEntry&) const = default;
};

// All mounts of a mountinfo file, such as /proc/PID/mountinfo, in its order: a mount stands behind
// the one that it hides.
Result<std::vector<MountEntry>> ReadMountTable(const std::string& path);

}  // namespace nydus
