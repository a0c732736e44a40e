// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "kata/sandbox_paths.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"

namespace nydus {

// A container's root file system, as the options of its mount describe it.
struct RootfsRequest {
  std::string sandbox;  // identifiers
  std::string container;
  std::optional<ExtraOption> image;  // for nydusd
  std::vector<KataVolume> volumes;   // win over `image`, as in Kata
  std::string target;                // of the mount
  // Instead of all that: an absolute path of the caller's, who answers for it.
  std::string directory;
  // Of the mount's options, which the caller answers for; empty if not given. A snapshot directory
  // counts if it is the parent of both, or lies below one of the roots.
  std::string upper_directory;
  std::string work_directory;
  std::vector<std::string> snapshot_roots;
  // Expected of the sandbox, where the caller named them.
  std::optional<ShareLayout> layout;
  std::string api_socket;
  // For a sandbox that has to be made.
  ShareLayout default_layout = ShareLayout::kGo;
  std::string default_api_socket;
};

// Hands the root file system over to the sandbox's nydusd, or binds a directory into what it
// serves, and describes it for the agent. Returns that description (kata/agent_storage.h), which
// also lies in the state directory as CONTAINER.json. An identical live share is success; a changed
// one is an error, and so is a container that this nydusd has served before. A sandbox that does
// not exist, or was left half-way, is made if an API socket is known, and stays. After an error
// nothing else is left.
Result<std::string> ShareRootFilesystem(const KataDirectories& directories,
                                        const RootfsRequest& request, Deadline deadline);

// The same up to the first change.
Result<> CheckRootFilesystem(const KataDirectories& directories, const RootfsRequest& request,
                             Deadline deadline);

// Takes it back, whether or not nydusd lives. Goes on past failures and tells all of them; the rest
// can be taken back by a second call. False if there is nothing to take back.
Result<bool> UnshareRootFilesystem(const KataDirectories& directories, const std::string& sandbox,
                                   const std::string& container, Deadline deadline);

}  // namespace nydus
