// SPDX-License-Identifier: Apache-2.0
#include "kata/direct_volume_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "kata/share/beneath.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

namespace {

constexpr char kFileName[] = "mountInfo.json";
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

struct VolumeDirectory {
  UniqueFd parent;
  std::string name;
  UniqueFd fd;       // O_PATH; not ok if there is none
  std::string file;  // the path of mountInfo.json, for messages
};

Failure FailFile(const VolumeDirectory& directory, int errno_value) {
  return FailErrno(ErrorKind::kSystem, errno_value, Quote(directory.file));
}

Result<VolumeDirectory> Locate(const KataDirectories& directories, const std::string& volume_path) {
  Result<std::string> path = MountInfoPath(volume_path);
  if (!path) return Failure(std::move(path.error()));
  Result<UniqueFd> parent = MakeTrustedDirectories(directories.direct_volumes, kDirectoryMode);
  if (!parent) return Failure(std::move(parent.error()));
  return VolumeDirectory{.parent = std::move(*parent),
                         .name = path->substr(0, path->find('/')),
                         .fd = {},
                         .file = StrCat(directories.direct_volumes, "/", *path)};
}

// Nothing if there is no file.
Result<std::optional<std::string>> ReadFile(const VolumeDirectory& directory) {
  const Result<UniqueFd> file =
      OpenBeneath(directory.fd.get(), kFileName, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file && file.error().errno_value == ENOENT) return std::nullopt;
  if (!file) return Failure(file.error());
  struct stat status = {};
  if (fstat(file->get(), &status) != 0) return FailFile(directory, errno);
  if (!S_ISREG(status.st_mode)) {
    return Fail(ErrorKind::kSystem, StrCat(Quote(directory.file), " is not a regular file"));
  }
  Result<std::string> text = ReadAll(file->get(), kMaxPayloadBytes);
  if (!text) return Failure(Wrap(std::move(text.error()), Quote(directory.file)));
  return std::optional(std::move(*text));
}

Result<> WriteAll(const VolumeDirectory& directory, int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailFile(directory, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// The file has no name before it is whole: Kata takes any other name for a sandbox that uses the
// volume. An existing file is left alone, and no error.
Result<> WriteNewFile(const VolumeDirectory& directory, std::string_view text) {
  const UniqueFd file(openat(directory.fd.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kFileMode));
  if (!file.ok()) return FailFile(directory, errno);
  if (fchmod(file.get(), kFileMode) != 0) return FailFile(directory, errno);
  if (Result<> written = WriteAll(directory, file.get(), text); !written) return written;
  const std::string unnamed = StrCat("/proc/self/fd/", file.get());
  if (linkat(AT_FDCWD, unnamed.c_str(), directory.fd.get(), kFileName, AT_SYMLINK_FOLLOW) != 0 &&
      errno != EEXIST) {
    return FailFile(directory, errno);
  }
  return {};
}

Result<> WriteFile(const VolumeDirectory& directory, const std::string& text) {
  Result<std::optional<std::string>> there = ReadFile(directory);
  if (there && !*there) {
    if (Result<> written = WriteNewFile(directory, text); !written) return written;
    there = ReadFile(directory);
  }
  if (!there) return Failure(std::move(there.error()));
  if (*there == text) return {};
  return Fail(ErrorKind::kUsage,
              StrCat(Quote(directory.file), " is there already and describes another volume"));
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

Result<> WriteMountInfo(const KataDirectories& directories, const std::string& volume_path,
                        const DirectVolume& volume) {
  Result<VolumeDirectory> directory = Locate(directories, volume_path);
  if (!directory) return Failure(std::move(directory.error()));
  Result<UniqueFd> fd =
      MakeDirectoryBeneath(directory->parent.get(), directory->name, kDirectoryMode);
  if (!fd) return Failure(Wrap(std::move(fd.error()), Quote(directory->file)));
  directory->fd = std::move(*fd);
  Result<> written = WriteFile(*directory, FormatDirectVolume(volume));
  if (!written) (void)RemoveIfEmpty(*directory);
  return written;
}

Result<> RemoveMountInfo(const KataDirectories& directories, const std::string& volume_path) {
  struct stat status = {};
  if (lstat(directories.direct_volumes.c_str(), &status) != 0 && errno == ENOENT) return {};
  Result<VolumeDirectory> directory = Locate(directories, volume_path);
  if (!directory) return Failure(std::move(directory.error()));
  Result<UniqueFd> fd = OpenBeneath(directory->parent.get(), directory->name, O_PATH | O_DIRECTORY);
  if (!fd && fd.error().errno_value == ENOENT) return {};
  if (!fd) return Failure(Wrap(std::move(fd.error()), Quote(directory->file)));
  if (unlinkat(fd->get(), kFileName, 0) != 0 && errno != ENOENT) {
    return FailFile(*directory, errno);
  }
  return RemoveIfEmpty(*directory);
}

}  // namespace nydus
