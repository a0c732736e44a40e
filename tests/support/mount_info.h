// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace nydus {

// One line of /proc/self/mountinfo, with its octal escapes undone (proc_pid_mountinfo(5)).
struct MountInfo {
  int id = 0;
  std::string root;
  std::string mount_point;
  std::string options;      // of the mount
  std::string propagation;  // "shared:1 master:2"; empty for a private mount
  std::string type;
  std::string source;
  std::string super_options;
};

// The mounts at exactly `mount_point`, the topmost last.
std::vector<MountInfo> MountsAt(const std::string& mount_point);

// How many mounts the process sees.
std::size_t CountMounts();

}  // namespace nydus
