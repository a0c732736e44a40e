// SPDX-License-Identifier: Apache-2.0
#include "base/file_reading.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/text.h"
#include "base/unique_fd.h"

namespace nydus {

Result<std::string> ReadAll(int fd, std::size_t limit) {
  std::string text;
  char chunk[4096];
  for (;;) {
    const ssize_t got = read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailErrno(ErrorKind::kSystem, errno, "read");
    if (got == 0) return text;
    if (text.size() + static_cast<std::size_t>(got) > limit) {
      return Fail(ErrorKind::kSystem, StrCat("longer than ", limit, " bytes"));
    }
    text.append(chunk, static_cast<std::size_t>(got));
  }
}

namespace {

// The reason why root must not trust the open file, or nothing.
Result<> CheckTrusted(int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return FailErrno(ErrorKind::kSystem, errno, "fstat");
  if (!S_ISREG(status.st_mode)) return Fail(ErrorKind::kUsage, "is not a regular file");
  if (status.st_uid != 0) return Fail(ErrorKind::kUsage, "is not owned by root");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(ErrorKind::kUsage, "is writable by group or others");
  }
  return {};
}

}  // namespace

Result<std::optional<std::string>> ReadTrustedFile(const std::string& path) {
  // O_NONBLOCK: a FIFO put in place of the file must not hang the caller.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.ok() && errno == ENOENT) return std::nullopt;
  if (!fd.ok() && errno == ELOOP) {
    return Fail(ErrorKind::kUsage, StrCat(Escape(path), ": is a symbolic link"),
                "links are not followed here");
  }
  if (!fd.ok()) return FailErrno(ErrorKind::kSystem, errno, Escape(path));
  Result<> trusted = CheckTrusted(fd.get());
  if (!trusted) return Failure(Wrap(std::move(trusted.error()), Escape(path)));
  Result<std::string> text = ReadAll(fd.get(), kMaxConfigurationBytes);
  if (!text) return Failure(Wrap(std::move(text.error()), Escape(path)));
  return std::move(*text);
}

}  // namespace nydus
