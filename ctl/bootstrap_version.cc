// SPDX-License-Identifier: Apache-2.0
#include "ctl/bootstrap_version.h"

#include <fcntl.h>

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
  Result<std::string> head = ReadRafsHead(fd.get());
  if (!head) return Failure(Wrap(std::move(head.error()), Quote(path)));
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
