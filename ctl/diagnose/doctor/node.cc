// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/node.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <string_view>

#include "base/file_reading.h"
#include "base/mount_api/kernel_features.h"
#include "base/text.h"

namespace nydus {

const int NodeView::kPathOnly = O_PATH;

namespace {

bool IsAbsentFile(int errno_value) {
  return errno_value == ENOENT || errno_value == ENOTDIR;
}

UniqueFd OpenInRoot(int root_fd, const std::string& root, const std::string& path, int flags) {
  open_how how = {};
  how.flags = static_cast<__u64>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  UniqueFd fd(static_cast<int>(syscall(SYS_openat2, root_fd, path.c_str(), &how, sizeof how)));
  if (fd.ok() || !IsAbsent(errno)) return fd;
  // COMPAT(linux < 5.6): no openat2; absolute links then lead out of a root that is not "/".
  return UniqueFd(open(StrCat(root, path).c_str(), flags | O_CLOEXEC));
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

Result<NodeView> NodeView::Open(const std::string& root) {
  UniqueFd fd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return FailErrno(ErrorKind::kSystem, errno, Escape(root));
  return NodeView(root, std::move(fd));
}

Result<std::optional<UniqueFd>> NodeView::OpenPath(const std::string& path, int flags) const {
  UniqueFd fd = OpenInRoot(fd_.get(), root_, path, flags);
  if (!fd.ok() && IsAbsentFile(errno)) return std::nullopt;
  if (!fd.ok()) return FailErrno(ErrorKind::kSystem, errno, Escape(path));
  return std::optional(std::move(fd));
}

Result<std::optional<std::string>> NodeView::Read(const std::string& path,
                                                  std::size_t limit) const {
  // Opened by path first: to open a FIFO or a device for reading may have effects.
  const Result<std::optional<UniqueFd>> found = OpenPath(path);
  if (!found) return Failure(found.error());
  if (!*found) return std::nullopt;
  struct stat status = {};
  if (fstat((*found)->get(), &status) != 0) {
    return FailErrno(ErrorKind::kSystem, errno, Escape(path));
  }
  if (!S_ISREG(status.st_mode)) {
    return Fail(ErrorKind::kSystem, StrCat(Escape(path), ": is not a regular file"));
  }
  const Result<std::optional<UniqueFd>> fd = OpenPath(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return Failure(fd.error());
  if (!*fd) return std::nullopt;
  Result<std::string> text = ReadAll((*fd)->get(), limit);
  if (!text) return Failure(Wrap(std::move(text.error()), Escape(path)));
  return std::move(*text);
}

std::optional<std::string> NodeView::LinkTarget(const std::string& path) const {
  const Result<std::optional<UniqueFd>> link = OpenPath(path, O_PATH | O_NOFOLLOW);
  if (!link || !*link) return std::nullopt;
  char target[PATH_MAX];
  const ssize_t length = readlinkat((*link)->get(), "", target, sizeof target);
  if (length < 0) return std::nullopt;
  return std::string(target, static_cast<std::size_t>(length));
}

std::string NodeView::Resolve(const std::string& path) const {
  const Result<std::optional<UniqueFd>> file = OpenPath(path);
  if (!file || !*file) return path;
  char resolved[PATH_MAX];
  const ssize_t length = readlink(PathOf(**file).c_str(), resolved, sizeof resolved);
  if (length <= 0) return path;
  const std::string_view outside(resolved, static_cast<std::size_t>(length));
  if (IsThisNode()) return std::string(outside);
  return outside.starts_with(root_) ? std::string(outside.substr(root_.size())) : path;
}

std::vector<std::string> NodeView::List(const std::string& directory) const {
  Result<std::optional<UniqueFd>> fd = OpenPath(directory, O_RDONLY | O_DIRECTORY);
  if (!fd || !*fd) return {};
  const std::unique_ptr<DIR, CloseDirectory> stream(fdopendir((*fd)->get()));
  if (!stream) return {};
  (void)(*fd)->release();
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == kMaxDirectoryNames) break;
    names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

bool NodeView::Exists(const std::string& path) const {
  const Result<std::optional<UniqueFd>> fd = OpenPath(path);
  return fd && *fd;
}

std::string NodeView::PathOf(const UniqueFd& fd) {
  return StrCat("/proc/self/fd/", fd.get());
}

}  // namespace nydus
