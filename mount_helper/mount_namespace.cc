// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>

#include "base/text.h"

namespace nydus {

Result<UniqueFd> OpenMountNamespace(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.ok()) {
    return FailErrno(ErrorKind::kUsage, errno, StrCat("open the namespace ", Quote(path)));
  }
  return fd;
}

Result<> JoinMountNamespace(int namespace_fd) {
  if (setns(namespace_fd, CLONE_NEWNS) == 0) return {};
  if (errno == EINVAL) {
    return Fail(ErrorKind::kUsage, "-N: is not a mount namespace");
  }
  return FailErrno(ErrorKind::kUsage, errno, "-N: join the namespace");
}

}  // namespace nydus
