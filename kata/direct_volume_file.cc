// SPDX-License-Identifier: Apache-2.0
#include "kata/direct_volume_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/file_writing.h"
#include "base/text.h"
#include "kata/share/beneath.h"

namespace nydus {

namespace {

constexpr char kFileName[] = "mountInfo.json";
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

// A volume's directory, which may not be there.
struct VolumeDirectory {
  UniqueFd parent;
  std::string name;
  std::string file;  // the path of mountInfo.json, for messages
};

Failure FailFile(const std::string& file, int errno_value) {
  return FailErrno(ErrorKind::kSystem, errno_value, Quote(file));
}

Result<VolumeDirectory> Locate(const KataDirectories& directories, const std::string& volume_path) {
  Result<std::string> path = MountInfoPath(volume_path);
  if (!path) return Failure(std::move(path.error()));
  Result<UniqueFd> parent = MakeTrustedDirectories(directories.direct_volumes, kDirectoryMode);
  if (!parent) return Failure(std::move(parent.error()));
  return VolumeDirectory{.parent = std::move(*parent),
                         .name = path->substr(0, path->find('/')),
                         .file = StrCat(directories.direct_volumes, "/", *path)};
}

// Kata takes any name but the file's own for a sandbox that uses the volume, so there is no
// temporary one.
Result<UniqueFd> WriteUnnamed(int directory, std::string_view text, const std::string& file) {
  UniqueFd fd(openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kFileMode));
  if (!fd.ok()) return FailFile(file, errno);
  if (fchmod(fd.get(), kFileMode) != 0) return FailFile(file, errno);
  if (const int error = WriteAll(fd.get(), text); error != 0) return FailFile(file, error);
  return fd;
}

Result<> RemoveFile(int directory, std::uint64_t inode, const std::string& file) {
  struct stat status = {};
  if (fstatat(directory, kFileName, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Result<>() : FailFile(file, errno);
  }
  if (status.st_ino != inode) return {};
  if (unlinkat(directory, kFileName, 0) != 0 && errno != ENOENT) return FailFile(file, errno);
  return {};
}

// With other files in it, it stays, and that is no error.
Result<> RemoveIfEmpty(const VolumeDirectory& directory) {
  Result<> removed = RemoveDirectoryBeneath(directory.parent.get(), directory.name);
  if (!removed &&
      (removed.error().errno_value == ENOTEMPTY || removed.error().errno_value == EEXIST)) {
    return {};
  }
  return removed;
}

}  // namespace

Result<UnnamedMountInfo> UnnamedMountInfo::Make(const KataDirectories& directories,
                                                const std::string& volume_path,
                                                const DirectVolume& volume) {
  const Result<VolumeDirectory> directory = Locate(directories, volume_path);
  if (!directory) return Failure(directory.error());
  Result<UniqueFd> fd =
      MakeDirectoryBeneath(directory->parent.get(), directory->name, kDirectoryMode);
  if (!fd) return Failure(Wrap(std::move(fd.error()), Quote(directory->file)));
  Result<UniqueFd> file = WriteUnnamed(fd->get(), FormatDirectVolume(volume), directory->file);
  struct stat status = {};
  if (file && fstat(file->get(), &status) != 0) file = FailFile(directory->file, errno);
  if (!file) {
    (void)RemoveIfEmpty(*directory);
    return Failure(std::move(file.error()));
  }
  return UnnamedMountInfo(std::move(*fd), std::move(*file), status.st_ino, directory->file);
}

Result<> UnnamedMountInfo::GiveName() const {
  const std::string unnamed = StrCat("/proc/self/fd/", file_.get());
  if (linkat(AT_FDCWD, unnamed.c_str(), directory_.get(), kFileName, AT_SYMLINK_FOLLOW) == 0) {
    return {};
  }
  if (errno == EEXIST) {
    return Fail(ErrorKind::kMount, StrCat(Quote(path_), " is there already"),
                "somebody else assigns a volume to that path");
  }
  return FailFile(path_, errno);
}

Result<> RemoveMountInfo(const KataDirectories& directories, const std::string& volume_path,
                         std::uint64_t inode) {
  struct stat status = {};
  if (lstat(directories.direct_volumes.c_str(), &status) != 0 && errno == ENOENT) return {};
  const Result<VolumeDirectory> directory = Locate(directories, volume_path);
  if (!directory) return Failure(directory.error());
  Result<UniqueFd> fd = OpenBeneath(directory->parent.get(), directory->name, O_PATH | O_DIRECTORY);
  if (!fd && fd.error().errno_value == ENOENT) return {};
  if (!fd) return Failure(Wrap(std::move(fd.error()), Quote(directory->file)));
  if (Result<> removed = RemoveFile(fd->get(), inode, directory->file); !removed) return removed;
  return RemoveIfEmpty(*directory);
}

}  // namespace nydus
