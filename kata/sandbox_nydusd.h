// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.h"
#include "base/error.h"
#include "fuse/nydusd/nydusd_client.h"
#include "kata/sandbox.h"
#include "kata/sandbox_record.h"
#include "kata/sandbox_state.h"
#include "kata/share_directory.h"

// The one nydusd of a sandbox, which is started here or given to us.
namespace nydus {

// Both note in the record who it is, before it can do anything, and have it serve the share.
Result<> StartOwnNydusd(const SandboxRequest& request, const SandboxState& state,
                        const ShareDirectory& share, SandboxRecord& record, Deadline deadline);
Result<> UseForeignNydusd(const KataDirectories& directories, const SandboxState& state,
                          const ShareDirectory& share, SandboxRecord& record, Deadline deadline);

// Whether the recorded one still runs, and not another process with its ID.
Result<bool> NydusdLives(const SandboxRecord& record);

// kMount if another process listens on its socket: then the record is not true, and nothing can be
// taken back by it. A foreign one that has ended may have a successor there.
Result<> CheckListener(const SandboxRecord& record, Deadline deadline);

// kMount if anybody but the recorded one would get what is sent to its socket now. Success if
// nobody would: the request itself says why.
Result<> CheckAddressee(const SandboxRecord& record, Deadline deadline);

// What it serves: only if it is the recorded one, RUNNING, and serves the share.
Result<NydusdInformation> AskNydusd(const SandboxRecord& record, Deadline deadline);

// kMount if it has made all the mounts that it can tell apart.
Result<> CheckMountsLeft(const SandboxRecord& record);

// Whether a mount that failed is none of those that it has made: it gives a number to what it
// mounts, not to what it refuses. Where it does not tell which, the mount goes on counting.
bool WasNotMade(const SandboxRecord& record, const std::string& mount_point, Deadline deadline);

// `error`, with which a request to it failed; or that it has died, if it has ended meanwhile.
Error DeathOr(const SandboxRecord& record, Error error);

// Has it serve nothing there any more. Its end, before or meanwhile, does that too.
Result<> StopServing(const SandboxRecord& record, const std::string& mount_point,
                     Deadline deadline);

// Ours ends; a foreign one stops serving the share, once the containers are gone from it, and can
// be given to another sandbox if it never served it.
Result<> StopOwnNydusd(const SandboxRecord& record);
Result<> ReleaseForeignNydusd(const KataDirectories& directories, const SandboxRecord& record,
                              Deadline deadline);

}  // namespace nydus
