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
// states, as long as the process lives. Every caller holds the lock of its sandbox's state.

// kMount if the process was claimed before, by whichever sandbox; but a claim of this one that was
// not served is a killed call's, and is taken over.
Result<> ClaimNydusd(const KataDirectories& directories, const ProcessIdentity& process,
                     const std::string& sandbox, Deadline deadline);

// nydusd has made the mount of the share: the claim stays as long as the process lives. False if
// the mount is another sandbox's, which has claimed the process since this one's was dropped.
Result<bool> NoteServed(const KataDirectories& directories, const ProcessIdentity& process,
                        const std::string& sandbox, Deadline deadline);

// For a sandbox that is taken down: what it claimed and was never served can be claimed again.
Result<> DropUnservedClaim(const KataDirectories& directories, const std::string& sandbox,
                           Deadline deadline);

}  // namespace nydus
