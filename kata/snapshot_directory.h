// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// Where a payload may point with its snapshot directory. It decides what a guest can write on the
// host, and payloads are not to be believed.
struct SnapshotDirectoryRules {
  // From the mount's own options, which the caller answers for; empty if not given.
  std::string upper_directory;
  std::string work_directory;
  // Absolute paths of the configuration.
  std::vector<std::string> roots;
};

// Opens (O_PATH) the directory that a payload calls `path` if it is the very parent of both upper
// and work directory, or lies below one of the roots with no link on the way; else kUsage. It must
// hold the directories fs and work, which the guest's overlay uses.
Result<UniqueFd> OpenSnapshotDirectory(const std::string& path,
                                       const SnapshotDirectoryRules& rules);

}  // namespace nydus
