// SPDX-License-Identifier: Apache-2.0
#include "ctl/bootstrap_version.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/unique_fd.h"
#include "snapshot/rafs/rafs_detection.h"

namespace nydus {

namespace {

Result<std::string> ReadHead(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.ok()) return FailErrno(ErrorKind::kSystem, errno, Quote(path));
  std::string head(kRafsHeadBytes, '\0');
  const ssize_t got = pread(fd.get(), head.data(), head.size(), 0);
  if (got < 0) return FailErrno(ErrorKind::kSystem, errno, Quote(path));
  head.resize(static_cast<std::size_t>(got));
  return head;
}

}  // namespace

Result<std::string> BootstrapVersion(const std::string& path) {
  const Result<std::string> head = ReadHead(path);
  if (!head) return Failure(head.error());
  Result<std::string_view> version = DetectFsVersion(*head);
  if (!version) return Failure(Wrap(std::move(version.error()), Quote(path)));
  return std::string(*version);
}

}  // namespace nydus
