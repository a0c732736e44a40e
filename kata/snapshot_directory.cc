// SPDX-License-Identifier: Apache-2.0
#include "kata/snapshot_directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "kata/share/beneath.h"

namespace nydus {

namespace {

constexpr int kDirectoryPath = O_PATH | O_DIRECTORY | O_CLOEXEC;

// Its path is part of a payload: no message holds it.
Failure Refused(std::string_view why, std::string hint = {}) {
  return Fail(ErrorKind::kUsage, StrCat("extraoption: snapshotdir: ", why), std::move(hint));
}

struct FileId {
  dev_t device;
  ino_t inode;
  bool operator==(const FileId&) const = default;
};

Result<FileId> Identify(int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return FailErrno(ErrorKind::kSystem, errno, "fstat");
  return FileId{.device = status.st_dev, .inode = status.st_ino};
}

// A guest writes in its snapshot directory: a link that it leaves in place of one that the mount
// names, for the next container, is not followed to another parent.
Result<UniqueFd> OpenParent(std::string_view name, std::string directory) {
  while (directory.ends_with('/')) directory.pop_back();
  const UniqueFd fd(open(directory.c_str(), kDirectoryPath | O_NOFOLLOW));
  if (!fd.ok()) {
    return FailErrno(ErrorKind::kMount, errno, StrCat(name, " ", Quote(directory)));
  }
  UniqueFd parent(openat(fd.get(), "..", kDirectoryPath));
  if (!parent.ok()) {
    return FailErrno(ErrorKind::kMount, errno, StrCat("parent of ", name, " ", Quote(directory)));
  }
  return parent;
}

// The directory itself, if the caller's own options name it.
Result<std::optional<UniqueFd>> OpenIfParentOfBoth(const std::string& path,
                                                   const SnapshotDirectoryRules& rules) {
  if (rules.upper_directory.empty() || rules.work_directory.empty()) return std::nullopt;
  Result<UniqueFd> upper = OpenParent("upperdir", rules.upper_directory);
  if (!upper) return Failure(std::move(upper.error()));
  const Result<UniqueFd> work = OpenParent("workdir", rules.work_directory);
  if (!work) return Failure(work.error());
  const UniqueFd named(open(path.c_str(), kDirectoryPath | O_NOFOLLOW));
  if (!named.ok()) return std::nullopt;
  const Result<FileId> upper_id = Identify(upper->get());
  const Result<FileId> work_id = Identify(work->get());
  const Result<FileId> named_id = Identify(named.get());
  if (!upper_id || !work_id || !named_id) return std::nullopt;
  if (*upper_id != *work_id || *upper_id != *named_id) return std::nullopt;
  return std::move(*upper);
}

// What is left of `path` below `root`; nothing if it does not lie there.
std::optional<std::string> PathBelow(const std::string& root, std::string_view path) {
  std::string_view trimmed = root;
  while (trimmed.ends_with('/')) trimmed.remove_suffix(1);
  if (!path.starts_with(trimmed)) return std::nullopt;
  path.remove_prefix(trimmed.size());
  if (!path.starts_with('/') || path.size() == 1) return std::nullopt;
  return std::string(path.substr(1));
}

Result<std::optional<UniqueFd>> OpenBelowRoots(const std::string& path,
                                               const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    const std::optional<std::string> below = PathBelow(root, path);
    if (!below) continue;
    const UniqueFd root_fd(open(root.c_str(), kDirectoryPath));
    if (!root_fd.ok()) {
      return FailErrno(ErrorKind::kMount, errno, StrCat("snapshot root ", Quote(root)));
    }
    Result<UniqueFd> directory = OpenBeneath(root_fd.get(), *below, O_PATH | O_DIRECTORY);
    if (!directory) {
      return FailErrno(directory.error().kind, directory.error().errno_value,
                       "extraoption: snapshotdir", directory.error().hint);
    }
    return std::move(*directory);
  }
  return std::nullopt;
}

bool HasPlainComponents(std::string_view path) {
  if (!path.starts_with('/') || path.contains('\0')) return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

Result<> WantDirectory(int directory, const char* name) {
  struct stat status = {};
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) {
    return {};
  }
  return Refused(StrCat("holds no directory ", name));
}

}  // namespace

Result<UniqueFd> OpenSnapshotDirectory(const std::string& path,
                                       const SnapshotDirectoryRules& rules) {
  if (!HasPlainComponents(path)) {
    return Refused("is no absolute path without empty components, . and ..");
  }
  Result<std::optional<UniqueFd>> found = OpenIfParentOfBoth(path, rules);
  if (found && !*found) found = OpenBelowRoots(path, rules.roots);
  if (!found) return Failure(std::move(found.error()));
  if (!*found) {
    return Refused("is neither the parent of upperdir and workdir nor below a snapshot root",
                   "snapshot_roots of nydus-overlayfs-config(5) names those");
  }
  UniqueFd directory = std::move(**found);
  Result<> whole = WantDirectory(directory.get(), "fs");
  if (whole) whole = WantDirectory(directory.get(), "work");
  if (!whole) return Failure(std::move(whole.error()));
  return directory;
}

}  // namespace nydus
