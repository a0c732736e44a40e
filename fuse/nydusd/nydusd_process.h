// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "base/process/process_identity.h"
#include "base/unique_fd.h"

namespace nydus {

// The longest path of a Unix socket, in bytes (sun_path of sockaddr_un is 108 with its NUL).
inline constexpr std::size_t kMaxSocketPathBytes = 107;

// How long nydusd may take to end after SIGTERM before it is killed (Kata: nydusdStopTimeoutSecs).
inline constexpr std::chrono::seconds kNydusdGrace{5};
// How long it may take from its start until it is RUNNING.
inline constexpr std::chrono::seconds kNydusdReadyTime{10};

// A nydusd that serves a guest by vhost-user-fs.
struct NydusdSettings {
  std::string program;       // nydusd's path
  std::string vhost_socket;  // to which the VMM connects, once
  std::string api_socket;
  std::string share_directory;  // served at kPassthroughMountPoint
  std::string log_file;
  std::vector<std::string> extra_arguments;  // behind ours
  bool debug = false;                        // log level debug instead of info
};

// The checks of Kata's nydusd.valid(), in its order and with its texts: vhost socket, API socket,
// program, share directory. Beyond them, lengths of socket paths and the things themselves.
Result<> ValidateNydusd(const NydusdSettings& settings);

// "virtiofs --log-level info --apisock A --sock S ..."
std::vector<std::string> NydusdArguments(const NydusdSettings& settings);

struct StartedNydusd {
  ProcessIdentity process;
  UniqueFd pidfd;
};

// Starts the daemon, waits until it is RUNNING and mounts the share directory at
// kPassthroughMountPoint. `record` gets its identity before it runs; if that fails, or anything
// later, the daemon is ended and both sockets are removed before the error returns. Sockets nobody
// listens on are removed first; one that somebody does is an error. `dies_with_us`: for a daemon
// that is watched in the foreground.
Result<StartedNydusd> StartNydusd(const NydusdSettings& settings, bool dies_with_us,
                                  const std::function<Result<>(const ProcessIdentity&)>& record,
                                  Deadline deadline);

// SIGTERM, grace, SIGKILL, then removes the sockets. A daemon that has ended already is no error.
Result<> StopNydusd(const ProcessIdentity& process, const std::string& vhost_socket,
                    const std::string& api_socket);

// The last lines of a log file: at most `lines` of them, escaped and cut, without colour codes.
std::vector<std::string> LastLogLines(const std::string& log_file, std::size_t lines);

}  // namespace nydus
