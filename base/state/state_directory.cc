// SPDX-License-Identifier: Apache-2.0
#include "base/state/state_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "base/file_reading.h"
#include "base/file_writing.h"
#include "base/identifier.h"
#include "base/interruption.h"
#include "base/scope_exit.h"
#include "base/text.h"

namespace nydus {

namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

// The one file that is being written. Who holds the lock is alone, so it needs no second name.
constexpr char kUnfinishedName[] = ".unfinished";

// flock(2) cannot wait until a point in time.
constexpr std::chrono::milliseconds kLockRetry(5);

Failure FailPath(int errno_value, const std::string& path) {
  return FailErrno(ErrorKind::kSystem, errno_value, Escape(path));
}

// Why what is open must not be trusted as our state, or nothing.
Result<> CheckPrivate(int fd, mode_t type, const std::string& path) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return FailPath(errno, path);
  if ((status.st_mode & S_IFMT) != type) {
    return Fail(ErrorKind::kSystem,
                StrCat(Escape(path), " is not a ", type == S_IFDIR ? "directory" : "regular file"));
  }
  if (status.st_uid != geteuid()) {
    return Fail(ErrorKind::kSystem, StrCat(Escape(path), " belongs to user ID ", status.st_uid,
                                           ", not to ", geteuid()));
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Fail(ErrorKind::kSystem, StrCat(Escape(path), " is open to group or others"));
  }
  return {};
}

Result<UniqueFd> OpenPrivateDirectory(int parent, const std::string& name,
                                      const std::string& path) {
  UniqueFd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.ok()) return FailPath(errno, path);
  if (Result<> checked = CheckPrivate(fd.get(), S_IFDIR, path); !checked) {
    return Failure(std::move(checked.error()));
  }
  return fd;
}

Result<> CheckName(const std::string& name) {
  if (IsIdentifier(name)) return {};
  return Fail(ErrorKind::kUsage, StrCat(Quote(name), " ", kIdentifierRule));
}

Result<> MakeDirectory(int parent, const std::string& name, const std::string& path) {
  if (mkdirat(parent, name.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return FailPath(errno, path);
  }
  return {};
}

Result<> WaitForLock(int fd, Deadline deadline, const std::string& path) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return FailPath(errno, path);
    if (Result<> going_on = CheckNotInterrupted(); !going_on) return going_on;
    const auto left = TimeLeft(deadline);
    if (left.count() == 0) {
      return FailErrno(ErrorKind::kSystem, ETIMEDOUT, StrCat(Escape(path), " is in use"));
    }
    std::this_thread::sleep_for(std::min(left, kLockRetry));
  }
  return {};
}

// False if the directory was removed, and perhaps made anew, while we waited for its lock.
bool IsStillThere(int root, const std::string& name, int directory) {
  struct stat ours = {};
  struct stat current = {};
  return fstat(directory, &ours) == 0 &&
         fstatat(root, name.c_str(), &current, AT_SYMLINK_NOFOLLOW) == 0 &&
         ours.st_dev == current.st_dev && ours.st_ino == current.st_ino;
}

Result<> RemoveFile(int directory, const std::string& name, const std::string& path) {
  if (unlinkat(directory, name.c_str(), 0) != 0 && errno != ENOENT) return FailPath(errno, path);
  return {};
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

// The entries of an open directory, "." and ".." left out. It stays open.
Result<std::vector<std::string>> ListDirectory(int directory, const std::string& path) {
  UniqueFd copy(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy.ok()) return FailPath(errno, path);
  const DirectoryStream stream(fdopendir(copy.get()));
  if (!stream) return FailPath(errno, path);
  (void)copy.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return FailPath(errno, path);
  return names;
}

Result<> RemoveEmptyDirectory(int parent, const std::string& name, const std::string& path) {
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) return FailPath(errno, path);
  return {};
}

Result<> RemoveDirectory(int parent, const std::string& name, const std::string& path, int levels);

// Removes everything in the directory, at most `levels` of directories deep.
Result<> RemoveEntries(int directory, const std::string& path, int levels) {
  const auto names = ListDirectory(directory, path);
  if (!names) return Failure(names.error());
  for (const std::string& name : *names) {
    const std::string entry = StrCat(path, "/", name);
    Result<> removed = RemoveFile(directory, name, entry);
    if (!removed && removed.error().errno_value == EISDIR && levels > 0) {
      removed = RemoveDirectory(directory, name, entry, levels - 1);
    }
    if (!removed) return removed;
  }
  return {};
}

Result<> RemoveDirectory(int parent, const std::string& name, const std::string& path, int levels) {
  // First of all, because it tells a mount (EBUSY), which nobody must empty.
  Result<> removed = RemoveEmptyDirectory(parent, name, path);
  if (removed || removed.error().errno_value != ENOTEMPTY) return removed;
  const Result<UniqueFd> directory = OpenPrivateDirectory(parent, name, path);
  if (!directory) return Failure(directory.error());
  if (Result<> emptied = RemoveEntries(directory->get(), path, levels); !emptied) return emptied;
  return RemoveEmptyDirectory(parent, name, path);
}

}  // namespace

Result<std::optional<std::string>> LockedState::Read(const std::string& name) const {
  const std::string path = StrCat(path_, "/", name);
  // O_NONBLOCK: a FIFO put in place of the file must not hang the caller.
  const UniqueFd fd(
      openat(directory_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.ok() && errno == ENOENT) return std::nullopt;
  if (!fd.ok()) return FailPath(errno, path);
  if (Result<> checked = CheckPrivate(fd.get(), S_IFREG, path); !checked) {
    return Failure(std::move(checked.error()));
  }
  Result<std::string> text = ReadAll(fd.get(), kMaxStateBytes);
  if (!text) return Failure(Wrap(std::move(text.error()), Escape(path)));
  return std::move(*text);
}

Result<> LockedState::Write(const std::string& name, std::string_view text) const {
  const std::string path = StrCat(path_, "/", name);
  if (text.size() > kMaxStateBytes) {
    return Fail(ErrorKind::kSystem,
                StrCat(Escape(path), ": longer than ", kMaxStateBytes, " bytes"));
  }
  const int directory = directory_.get();
  const UniqueFd fd(
      openat(directory, kUnfinishedName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (!fd.ok()) return FailPath(errno, path);
  ScopeExit remove([directory] { (void)unlinkat(directory, kUnfinishedName, 0); });
  // No fsync: /run is a tmpfs, and what the state speaks of ends with the machine as well.
  if (const int error = WriteAll(fd.get(), text); error != 0) {
    return FailErrno(ErrorKind::kSystem, error, StrCat(Escape(path), ": write"));
  }
  if (renameat(directory, kUnfinishedName, directory, name.c_str()) != 0) {
    return FailPath(errno, path);
  }
  remove.Release();
  return {};
}

Result<> LockedState::Remove(const std::string& name) const {
  return RemoveFile(directory_.get(), name, StrCat(path_, "/", name));
}

Result<> LockedState::MakeBeside(const std::string& name) const {
  return MakeDirectory(root_.get(), name, PathBeside(name));
}

std::string LockedState::PathBeside(const std::string& name) const {
  return StrCat(path_.substr(0, path_.rfind('/') + 1), name);
}

Result<> LockedState::RemoveBeside(const std::string& name) const {
  Result<> removed = RemoveDirectory(root_.get(), name, PathBeside(name), 0);
  if (!removed && removed.error().errno_value == ENOENT) return {};
  return removed;
}

Result<> LockedState::RemoveAll() && {
  const LockedState state = std::move(*this);
  return RemoveDirectory(state.root_.get(), state.name_, state.path_, 1);
}

Result<StateRoot> StateRoot::Open(const std::string& path) {
  if (Result<> made = MakeDirectory(AT_FDCWD, path, path); !made) return Failure(made.error());
  Result<UniqueFd> directory = OpenPrivateDirectory(AT_FDCWD, path, path);
  if (!directory) return Failure(std::move(directory.error()));
  return StateRoot(std::move(*directory), path);
}

Result<std::optional<StateRoot>> StateRoot::OpenIfThere(const std::string& path) {
  Result<UniqueFd> directory = OpenPrivateDirectory(AT_FDCWD, path, path);
  if (!directory && directory.error().errno_value == ENOENT) return std::nullopt;
  if (!directory) return Failure(std::move(directory.error()));
  return StateRoot(std::move(*directory), path);
}

Result<LockedState> StateRoot::Lock(const std::string& name, Deadline deadline) const {
  const std::string path = StrCat(path_, "/", name);
  if (Result<> checked = CheckName(name); !checked) return Failure(std::move(checked.error()));
  for (;;) {
    if (Result<> made = MakeDirectory(directory_.get(), name, path); !made)
      return Failure(std::move(made.error()));
    Result<std::optional<LockedState>> locked = LockIfThere(name, deadline);
    if (!locked) return Failure(std::move(locked.error()));
    if (*locked) return std::move(**locked);
  }
}

Result<std::optional<LockedState>> StateRoot::LockIfThere(const std::string& name,
                                                          Deadline deadline) const {
  const std::string path = StrCat(path_, "/", name);
  if (Result<> checked = CheckName(name); !checked) return Failure(std::move(checked.error()));
  for (;;) {
    Result<UniqueFd> directory = OpenPrivateDirectory(directory_.get(), name, path);
    if (!directory && directory.error().errno_value == ENOENT) return std::nullopt;
    if (!directory) return Failure(std::move(directory.error()));
    const int fd = directory->get();
    if (Result<> locked = WaitForLock(fd, deadline, path); !locked) {
      return Failure(std::move(locked.error()));
    }
    if (!IsStillThere(directory_.get(), name, fd)) continue;
    if (Result<> removed = RemoveFile(fd, kUnfinishedName, path); !removed) {
      return Failure(std::move(removed.error()));
    }
    UniqueFd root(fcntl(directory_.get(), F_DUPFD_CLOEXEC, 0));
    if (!root.ok()) return FailPath(errno, path_);
    return LockedState(std::move(root), std::move(*directory), name, path);
  }
}

Result<LockedState> StateRoot::LockItself(Deadline deadline) const {
  UniqueFd directory(openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok()) return FailPath(errno, path_);
  if (Result<> locked = WaitForLock(directory.get(), deadline, path_); !locked) {
    return Failure(std::move(locked.error()));
  }
  if (Result<> removed = RemoveFile(directory.get(), kUnfinishedName, path_); !removed) {
    return Failure(std::move(removed.error()));
  }
  return LockedState(UniqueFd(), std::move(directory), "", path_);
}

Result<std::vector<std::string>> StateRoot::Names() const {
  auto names = ListDirectory(directory_.get(), path_);
  if (!names) return names;
  std::erase_if(*names, [](const std::string& name) { return !IsIdentifier(name); });
  std::ranges::sort(*names);
  return names;
}

}  // namespace nydus
