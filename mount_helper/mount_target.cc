// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_target.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "base/mount_api/mount_api.h"
#include "base/text.h"

namespace nydus {

namespace {

constexpr int kPathFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;

std::string_view WhyNotDirectory(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) {
    return "the target is a symbolic link";
  }
  return "the target is not a directory";
}

// The path is opened again after the mount, when the working directory may be another and a way
// through the directory itself (dir/below/..) is covered.
std::string StablePath(const std::string& path, int fd) {
  if (path.starts_with('/') && !path.contains("/..")) return path;
  char real_path[PATH_MAX];
  const ssize_t length =
      readlink(StrCat("/proc/self/fd/", fd).c_str(), real_path, sizeof real_path);
  if (length > 0 && static_cast<std::size_t>(length) < sizeof real_path) {
    return {real_path, static_cast<std::size_t>(length)};
  }
  char directory[PATH_MAX];
  if (path.starts_with('/') || getcwd(directory, sizeof directory) == nullptr) return path;
  return StrCat(directory, "/", path);
}

}  // namespace

Result<MountTarget> OpenMountTarget(const std::string& path) {
  // Behind a slash the kernel would follow a link.
  std::string plain = path;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  UniqueFd fd(open(plain.c_str(), kPathFlags | O_NOFOLLOW));
  if (fd.ok()) return MountTarget{StablePath(plain, fd.get()), std::move(fd)};
  const int error = errno;
  if (error == ENOENT) return Fail(ErrorKind::kMount, "the target does not exist");
  if (error == ENOTDIR || error == ELOOP) {
    return Fail(ErrorKind::kMount, std::string(WhyNotDirectory(plain)));
  }
  return FailErrno(ErrorKind::kMount, error, "open the target");
}

namespace {

Result<std::string> DescriptorPath(int fd) {
  std::string path = StrCat("/proc/self/fd/", fd);
  struct stat wanted = {};
  struct stat found = {};
  if (fstat(fd, &wanted) != 0) return FailErrno(ErrorKind::kMount, errno, "fstat");
  if (stat(path.c_str(), &found) != 0 || found.st_dev != wanted.st_dev ||
      found.st_ino != wanted.st_ino) {
    return Fail(ErrorKind::kMount, "/proc is missing or shows another process");
  }
  return path;
}

}  // namespace

Result<std::string> NameTarget(const MountTarget& target, WorkingDirectory working_directory) {
  if (working_directory == WorkingDirectory::kFree && fchdir(target.fd.get()) == 0) return ".";
  return DescriptorPath(target.fd.get());
}

Result<> EnterMountedRoot(const MountTarget& target) {
  const UniqueFd root(open(target.path.c_str(), kPathFlags | O_NOFOLLOW));
  if (!root.ok()) return FailErrno(ErrorKind::kMount, errno, "open the new mount");
  const Result<std::uint64_t> below = MountId(target.fd.get());
  if (!below) return Failure(below.error());
  const Result<std::uint64_t> above = MountId(root.get());
  if (!above) return Failure(above.error());
  if (*above == *below) return Fail(ErrorKind::kMount, "the new mount is not at its place");
  if (fchdir(root.get()) != 0) return FailErrno(ErrorKind::kMount, errno, "enter the new mount");
  return {};
}

void UnmountTop(const MountTarget& target) {
  (void)Unmount(target.path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

}  // namespace nydus
