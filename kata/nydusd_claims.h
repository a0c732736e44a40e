// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "base/process/process_identity.h"
#include "kata/sandbox_paths.h"

namespace nydus {

// The most nydusds that are remembered at a time.
inline constexpr std::size_t kMaxClaims = 4096;

// Which nydusds that were not started here have been given to sandboxes. One nydusd serves one
// sandbox in its life: at the same mount points a second one's guest would see what the first one's
// left in caches, and two at a time would take each other's share away. Kept beside the sandboxes'
// states, as long as the process lives.

// kMount if the process was claimed before, by whichever sandbox.
Result<> ClaimNydusd(const KataDirectories& directories, const ProcessIdentity& process,
                     const std::string& sandbox, Deadline deadline);

}  // namespace nydus
