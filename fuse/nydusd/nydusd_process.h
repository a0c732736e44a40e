// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "base/process/process_identity.h"
#include "base/unique_fd.h"
#include "fuse/nydusd/nydusd_settings.h"

namespace nydus {

// How long nydusd may take to end after SIGTERM before it is killed (Kata: nydusdStopTimeoutSecs).
inline constexpr std::chrono::seconds kNydusdGrace{5};
// How long it may take from its start until it is RUNNING.
inline constexpr std::chrono::seconds kNydusdReadyTime{10};

// What a daemon writes.
struct NydusdOutput {
  std::string log_file;
  std::uint64_t log_offset = 0;  // where its own lines begin, in bytes
  UniqueFd standard_error;       // a file without a name: what it says before it has its log
};

// The last lines of both: at most `lines`, escaped and cut, without colour codes.
std::vector<std::string> LastWords(const NydusdOutput& output, std::size_t lines);

struct StartedNydusd {
  ProcessIdentity process;
  UniqueFd pidfd;
  NydusdOutput output;
};

// Starts the daemon, waits until it is RUNNING, at most kNydusdReadyTime, and mounts the share
// directory at kPassthroughMountPoint. `record` gets its identity before it runs; if that fails, or
// anything later, the daemon is ended and both sockets are removed before the error returns, and
// also if this process is killed meanwhile. Sockets nobody listens on are removed first; one that
// somebody does is an error. One start at a time in either socket's directory; others wait. A
// signal that is kept back (base/interruption.h) ends the attempt like an error. `dies_with_us`:
// for a daemon that is watched in the foreground, and ends with it at any time. Any other one runs
// in a cgroup of its own where that is possible (base/process/own_cgroup.h).
Result<StartedNydusd> StartNydusd(const NydusdSettings& settings, bool dies_with_us,
                                  const std::function<Result<>(const ProcessIdentity&)>& record,
                                  Deadline deadline);

// SIGTERM, grace, SIGKILL, then removes its cgroup and the sockets. A daemon that has ended already
// is no error, nor is a socket that another one has now: that stays. While a daemon is started in
// one of the sockets' directories, they are not removed but waited for, at most kNydusdReadyTime.
Result<> StopNydusd(const ProcessIdentity& process, const std::string& vhost_socket,
                    const std::string& api_socket);

struct FoundNydusd {
  ProcessIdentity process;
  std::string vhost_socket;  // empty if it listens on none: it has its VMM, or wants none
};

// The daemon that listens on `api_socket`: it need not answer. Root's or this user's. A process
// that was not started as a nydusd for this very socket is kUsage, and so is process 1, which
// listens for services that are yet to be started.
Result<FoundNydusd> FindNydusd(const std::string& api_socket, Deadline deadline);

}  // namespace nydus
