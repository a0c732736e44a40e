// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/error.h"

namespace nydus {

struct SocketFile {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const SocketFile&) const = default;
};

// The file to which a Unix socket of this network namespace is bound, whatever mount namespace that
// lies in. `socket` is the socket's own inode, as in /proc/net/unix. sock_diag(7) with
// UDIAG_SHOW_VFS (Linux 3.3).
Result<SocketFile> FileOfSocket(std::uint64_t socket);

}  // namespace nydus
