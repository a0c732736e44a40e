// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "kata/sandbox_paths.h"

namespace nydus {

// A file or directory of the host that a container gets, such as its resolv.conf or a volume.
struct FileRequest {
  std::string sandbox;
  std::string container;
  std::string source;  // an absolute path of the caller's, who answers for it: links are followed
  std::string destination;  // where the container will have it; empty: where the host has it
  bool read_only = false;
};

struct SharedFile {
  std::string name;
  std::string guest_path;
  std::string host_path;
};

// Lets the guest see the file, each time under a new name (Kata: ShareFile). Only a container that
// was handed over takes any, as in Kata, which shares them after the root file system. After an
// error nothing is left. What an interrupted call left of other files is taken back.
Result<SharedFile> ShareFile(const KataDirectories& directories, const FileRequest& request,
                             Deadline deadline);

// Takes it back (Kata: UnshareFile); `file` is its name or either of its paths. A guest that has it
// open goes on with what it has. False if it is not there.
Result<bool> UnshareFile(const KataDirectories& directories, const std::string& sandbox,
                         const std::string& container, const std::string& file, Deadline deadline);

}  // namespace nydus
