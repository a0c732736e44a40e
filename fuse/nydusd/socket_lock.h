// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// Locks on the directories in which sockets lie, gone with the descriptors. Two starts with the
// same sockets must not both find them free: nydusd binds its API socket even over another one's
// that lives. Nor may a socket that was found stale be removed once a start has put its own there.
using SocketLocks = std::vector<UniqueFd>;

// Waits at most until the deadline. An empty path, and a directory that is not there, are passed
// over.
Result<SocketLocks> LockDirectoriesOf(const std::vector<std::string>& sockets, Deadline deadline);

}  // namespace nydus
