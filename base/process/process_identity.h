// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// A process that can be recognised later: process IDs are reused, these three together are not.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // field 22 of proc_pid_stat(5): clock ticks after boot
  std::string boot_id;           // /proc/sys/kernel/random/boot_id

  bool operator==(const ProcessIdentity&) const = default;
};

// kSystem with errno ESRCH if there is no such process.
Result<ProcessIdentity> IdentifyProcess(pid_t pid);

// A pidfd of exactly this process, CLOEXEC; nothing if it has ended, even if another one has its ID
// now.
Result<std::optional<UniqueFd>> OpenProcess(const ProcessIdentity& process);

// True once the process has ended; false if it still runs at the deadline.
Result<bool> WaitForEnd(int pidfd, Deadline deadline);

// SIGTERM, and SIGKILL if the process still runs after `grace`. Returns when it has ended. A child
// of ours is left to be waited for: ReapChild().
Result<> Terminate(int pidfd, std::chrono::milliseconds grace);

// Waits for the end of a child of ours and takes it from the process table. How it ended, for
// messages: "exit status 1", "signal 9 (Killed)".
Result<std::string> ReapChild(int pidfd);

}  // namespace nydus
