// SPDX-License-Identifier: Apache-2.0
#include "kata/share/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"

namespace nydus {

namespace {

constexpr std::uint64_t kBeneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
constexpr std::uint64_t kBeneathOnOneMount = kBeneath | RESOLVE_NO_XDEV;

Failure FailAt(int errno_value, std::string_view path) {
  switch (errno_value) {
    case ENOSYS: return FailErrno(ErrorKind::kUnsupported, ENOSYS, "openat2", "needs Linux 5.6");
    case ELOOP:
      return FailErrno(ErrorKind::kMount, ELOOP, Quote(path), "it has a symbolic link in it");
    case EXDEV:
      return FailErrno(ErrorKind::kMount, EXDEV, Quote(path), "something is mounted there");
    default: return FailErrno(ErrorKind::kMount, errno_value, Quote(path));
  }
}

Result<UniqueFd> OpenResolved(int directory, const std::string& path, int flags,
                              std::uint64_t resolve) {
  open_how how = {};
  how.flags = static_cast<unsigned>(flags) | O_CLOEXEC;
  how.resolve = resolve;
  const long fd = syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
  if (fd < 0) return FailAt(errno, path);
  return UniqueFd(static_cast<int>(fd));
}

// The user ID as which the host's root appears in a user namespace that has none for it; nothing
// where root is to be seen. All others without an ID there look the same.
std::optional<uid_t> HiddenRoot() {
  // The host's root owns it, whoever mounted /proc (fs/proc/proc_sysctl.c).
  const UniqueFd file(open("/proc/sys/kernel/overflowuid", O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (!file.ok() || fstat(file.get(), &status) != 0) return std::nullopt;
  constexpr std::size_t kMaxDigits = 16;
  const Result<std::string> text = ReadAll(file.get(), kMaxDigits);
  if (!text || *text != StrCat(status.st_uid, "\n")) return std::nullopt;
  return status.st_uid;
}

// Looks at the parts of a path from the root directory down, whether others could change them.
class TrustedPath {
 public:
  // `tolerated`: a mode bit with which others may write.
  Result<> Check(int fd, std::string_view path, mode_t tolerated) {
    struct stat status = {};
    if (fstat(fd, &status) != 0) return FailAt(errno, path);
    if (!IsTrusted(status.st_uid)) {
      return Fail(ErrorKind::kMount, StrCat(Quote(path), " belongs to user ID ", status.st_uid),
                  "only root's directories and one's own are used");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & tolerated) == 0) {
      return Fail(ErrorKind::kMount, StrCat(Quote(path), " can be written by group or others"));
    }
    return {};
  }

 private:
  bool IsTrusted(uid_t owner) {
    own_seen_ |= owner == geteuid();
    if (owner == 0 || owner == geteuid()) return true;
    // Below a directory of our own, the host's root has no business.
    return !own_seen_ && owner == HiddenRoot();
  }

  bool own_seen_ = false;
};

Result<UniqueFd> MakeAndOpen(int parent, const std::string& name, std::string_view path,
                             mode_t mode) {
  if (mkdirat(parent, name.c_str(), mode) != 0 && errno != EEXIST) return FailAt(errno, path);
  UniqueFd fd(openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.ok()) return FailAt(errno, path);
  return fd;
}

}  // namespace

Result<UniqueFd> OpenBeneath(int directory, const std::string& path, int flags) {
  return OpenResolved(directory, path, flags, kBeneathOnOneMount);
}

Result<UniqueFd> OpenMountBeneath(int directory, const std::string& path) {
  std::string_view rest = path;
  UniqueFd reached;
  // Who can write there can nest directories until no system call takes the whole path.
  while (rest.size() >= PATH_MAX) {
    const std::size_t end = rest.rfind('/', PATH_MAX - 1);
    if (end == std::string_view::npos || end == 0) return FailAt(ENAMETOOLONG, rest);
    Result<UniqueFd> next = OpenResolved(reached.ok() ? reached.get() : directory,
                                         std::string(rest.substr(0, end)), O_PATH, kBeneath);
    if (!next) return next;
    reached = std::move(*next);
    rest.remove_prefix(end + 1);
  }
  return OpenResolved(reached.ok() ? reached.get() : directory, std::string(rest), O_PATH,
                      kBeneath);
}

Result<UniqueFd> MakeDirectoryBeneath(int directory, const std::string& name, mode_t mode) {
  if (mkdirat(directory, name.c_str(), mode) != 0 && errno != EEXIST) return FailAt(errno, name);
  return OpenBeneath(directory, name, O_PATH | O_DIRECTORY);
}

Result<UniqueFd> MakeTrustedDirectories(const std::string& path, mode_t mode) {
  const std::string_view whole = path;
  if (!whole.starts_with('/')) {
    return Fail(ErrorKind::kMount, StrCat(Quote(path), " is not an absolute path"));
  }
  UniqueFd directory(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok()) return FailAt(errno, "/");
  TrustedPath trusted;
  std::string_view so_far = "/";
  std::size_t end = 0;
  while ((end = whole.find_first_not_of('/', end)) != std::string_view::npos) {
    const std::size_t begin = end;
    end = std::min(whole.find('/', begin), whole.size());
    const std::string name(whole.substr(begin, end - begin));
    if (name == "." || name == "..") {
      return Fail(ErrorKind::kMount, StrCat(Quote(path), " has '.' or '..' in it"));
    }
    if (Result<> ok = trusted.Check(directory.get(), so_far, S_ISVTX); !ok) {
      return Failure(std::move(ok.error()));
    }
    so_far = whole.substr(0, end);
    Result<UniqueFd> next = MakeAndOpen(directory.get(), name, so_far, mode);
    if (!next) return next;
    directory = std::move(*next);
  }
  if (Result<> ok = trusted.Check(directory.get(), so_far, 0); !ok) {
    return Failure(std::move(ok.error()));
  }
  return directory;
}

Result<> RemoveDirectoryBeneath(int directory, const std::string& name) {
  if (unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return FailAt(errno, name);
  }
  return {};
}

}  // namespace nydus
