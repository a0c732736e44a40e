// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "kata/container_share.h"
#include "kata/sandbox_paths.h"
#include "kata/sandbox_record.h"
#include "kata/sandbox_state.h"
#include "kata/share_directory.h"

namespace nydus {

// What there is of one sandbox, locked.
struct SandboxParts {
  const KataDirectories* directories;
  SandboxState state;
  SandboxRecord record;
  ShareDirectory share;

  // As long as the parts live and are not moved.
  OpenSandbox Open() {
    return {.directories = *directories, .state = state, .share = share, .record = record};
  }
};

enum class Unfinished { kOpen, kPassOver };

// Nothing if there is no such sandbox, or one that is passed over because it was left half-way. An
// error if its share is not the one that was made for it.
Result<std::optional<SandboxParts>> OpenParts(const KataDirectories& directories,
                                              const std::string& sandbox, Unfinished unfinished,
                                              Deadline deadline);

// The same for a call that takes back what this container has: only here, where it was made, and
// only if nobody but the recorded nydusd would be asked.
Result<std::optional<SandboxParts>> OpenPartsToTakeBack(const KataDirectories& directories,
                                                        const std::string& sandbox,
                                                        const std::string& container,
                                                        Deadline deadline);

}  // namespace nydus
