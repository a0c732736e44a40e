// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

// Unix sockets as files. Looking at one never reaches whoever listens: a nydusd takes a connection
// to its vhost-user socket for its one VMM.
namespace nydus {

enum class SocketState {
  kAbsent,
  kStale,  // a file, to which no process has a socket
  kLive,
};

// kSystem if the file is no socket, or cannot be looked at.
Result<SocketState> LookAtSocket(const std::string& path);

// Removes a stale socket. What is live stays.
Result<> RemoveStaleSocket(const std::string& path);

// The same, but a live socket is an error.
Result<> ClearSocket(const std::string& path);

// The paths of the sockets on which `pid` listens, as it named them when it bound them; what is
// relative there begins in the directory in which it works now.
Result<std::vector<std::string>> ListeningSockets(pid_t pid);

// `path` from the directory in which that process works, if it is relative.
std::string PathAsSeenBy(pid_t pid, std::string_view path);

// True if both paths lead to one file. std::filesystem::equivalent() does not compare sockets.
bool IsSameSocket(const std::string& one, const std::string& other);

// Connects and hangs up, if `pid` and nobody else listens on the socket that is there now. Failures
// are ignored.
void KnockIfItListens(pid_t pid, const std::string& path);

}  // namespace nydus
