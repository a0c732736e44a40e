// SPDX-License-Identifier: Apache-2.0
#include "base/process/release_channel.h"

#include <sys/socket.h>

#include <cerrno>

namespace nydus {

Result<ReleaseChannel> MakeReleaseChannel() {
  int ends[2] = {};
  // Not a pipe: writing to one that nobody reads any more raises SIGPIPE.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return FailErrno(ErrorKind::kSystem, errno, "socketpair");
  }
  return ReleaseChannel{.waiting = UniqueFd(ends[0]), .releasing = UniqueFd(ends[1])};
}

void Release(int releasing) {
  while (send(releasing, "", 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

bool WaitForRelease(int waiting) {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = recv(waiting, &byte, 1, 0);
  } while (got < 0 && errno == EINTR);
  return got == 1;
}

}  // namespace nydus
