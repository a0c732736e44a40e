// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

struct ApiSocket {
  UniqueFd fd;
  pid_t peer_pid = 0;  // who listens, as the kernel recorded it
};

// Connects to nydusd's API socket, for bodies that hold credentials: the socket and the process
// that listens on it must be root's or this user's, and others must not be able to write the
// socket's directory. kSystem if nobody listens, kUsage if the socket is not to be trusted.
Result<ApiSocket> ConnectApiSocket(const std::string& path, Deadline deadline);

// Sends all of `bytes`, with one system call if the socket's buffer has room. `sent` becomes true
// as soon as a byte has left.
Result<> SendAll(int fd, std::string_view bytes, Deadline deadline, bool& sent);

// Waits for bytes and puts up to `size` of them into `buffer`. 0 once the other end has closed.
Result<std::size_t> ReceiveSome(int fd, char* buffer, std::size_t size, Deadline deadline);

}  // namespace nydus
