// SPDX-License-Identifier: Apache-2.0
#include "kata/namespaces.h"

#include <sys/stat.h>

#include <cerrno>

namespace nydus {

namespace {

Result<std::uint64_t> InodeOf(const char* path) {
  struct stat status = {};
  if (stat(path, &status) != 0) return FailErrno(ErrorKind::kSystem, errno, path);
  return status.st_ino;
}

}  // namespace

Result<Namespaces> OwnNamespaces() {
  const Result<std::uint64_t> mount = InodeOf("/proc/self/ns/mnt");
  if (!mount) return Failure(mount.error());
  const Result<std::uint64_t> process = InodeOf("/proc/self/ns/pid");
  if (!process) return Failure(process.error());
  return Namespaces{.mount = *mount, .process = *process};
}

}  // namespace nydus
