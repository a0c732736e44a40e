// SPDX-License-Identifier: Apache-2.0
#include "base/mount_api/mount_api.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "base/text.h"

namespace nydus {

namespace {

// include/uapi/asm-generic/unistd.h; from 403 on the numbers are the same on every architecture
// that we build for.
enum SystemCall : long {
  kSysOpenTree = 428,
  kSysMoveMount = 429,
  kSysFsopen = 430,
  kSysFsconfig = 431,
  kSysFsmount = 432,
  kSysFspick = 433,
  kSysCloseRange = 436,
  kSysMountSetattr = 442,
};

// include/uapi/linux/mount.h
constexpr unsigned kOpenTreeClone = 1;
constexpr unsigned kFsopenCloexec = 1;
constexpr unsigned kFsmountCloexec = 1;
constexpr unsigned kFspickCloexec = 1;
constexpr unsigned kFspickEmptyPath = 8;
constexpr unsigned kMoveMountFromEmptyPath = 0x04;
constexpr unsigned kMoveMountToEmptyPath = 0x40;
enum FsConfigCommand : unsigned {
  kFsConfigSetFlag = 0,
  kFsConfigSetString = 1,
  kFsConfigSetFd = 5,
  kFsConfigCmdCreate = 6,
  kFsConfigCmdReconfigure = 7,
};

// include/uapi/linux/stat.h; musl 1.2.3 has no statx.
struct Statx {
  std::uint32_t mask;
  std::uint8_t unused_fields[140];
  std::uint64_t mount_id;
  std::uint8_t later_fields[104];
};
static_assert(offsetof(Statx, mount_id) == 144 && sizeof(Statx) == 256);
constexpr unsigned kStatxMountId = 0x1000;

// Longer messages are lost: the kernel answers EMSGSIZE (fs/fsopen.c: fscontext_read).
constexpr std::size_t kMaxLogMessage = 1024;
constexpr int kMaxLogMessages = 16;

Result<> Check(long returned, const char* name) {
  if (returned < 0) return FailErrno(ErrorKind::kMount, errno, name);
  return {};
}

Result<UniqueFd> CheckFd(long returned, const char* name) {
  if (returned < 0) return FailErrno(ErrorKind::kMount, errno, name);
  return UniqueFd(static_cast<int>(returned));
}

Result<> FsConfig(int context_fd, FsConfigCommand command, const char* key, const char* value,
                  int auxiliary) {
  return Check(syscall(kSysFsconfig, context_fd, command, key, value, auxiliary), "fsconfig");
}

}  // namespace

Result<> Mount(const char* source, const char* target, const char* type, unsigned long flags,
               const char* data) {
  return Check(mount(source, target, type, flags, data), "mount");
}

Result<> Unmount(const char* target, int flags) {
  return Check(umount2(target, flags), "umount2");
}

Result<UniqueFd> FsOpen(const char* type) {
  return CheckFd(syscall(kSysFsopen, type, kFsopenCloexec), "fsopen");
}

Result<UniqueFd> FsPick(int mount_fd) {
  return CheckFd(syscall(kSysFspick, mount_fd, "", kFspickCloexec | kFspickEmptyPath), "fspick");
}

Result<> FsConfigFlag(int context_fd, const char* key) {
  return FsConfig(context_fd, kFsConfigSetFlag, key, nullptr, 0);
}

Result<> FsConfigString(int context_fd, const char* key, const char* value) {
  return FsConfig(context_fd, kFsConfigSetString, key, value, 0);
}

Result<> FsConfigFd(int context_fd, const char* key, int fd) {
  return FsConfig(context_fd, kFsConfigSetFd, key, nullptr, fd);
}

Result<> FsConfigCreate(int context_fd) {
  return FsConfig(context_fd, kFsConfigCmdCreate, nullptr, nullptr, 0);
}

Result<> FsConfigReconfigure(int context_fd) {
  return FsConfig(context_fd, kFsConfigCmdReconfigure, nullptr, nullptr, 0);
}

Result<UniqueFd> FsMount(int context_fd, std::uint64_t attributes) {
  return CheckFd(syscall(kSysFsmount, context_fd, kFsmountCloexec, attributes), "fsmount");
}

Result<UniqueFd> OpenTreeClone(const char* path) {
  return CheckFd(syscall(kSysOpenTree, AT_FDCWD, path, kOpenTreeClone | O_CLOEXEC), "open_tree");
}

Result<> MountSetattr(int mount_fd, const MountAttributeChange& change) {
  return Check(syscall(kSysMountSetattr, mount_fd, "", AT_EMPTY_PATH, &change, sizeof change),
               "mount_setattr");
}

Result<> MoveMount(int mount_fd, int target_fd) {
  return Check(syscall(kSysMoveMount, mount_fd, "", target_fd, "",
                       kMoveMountFromEmptyPath | kMoveMountToEmptyPath),
               "move_mount");
}

std::vector<std::string> ReadContextLog(int context_fd) {
  std::vector<std::string> messages;
  char message[kMaxLogMessage];
  for (int i = 0; i < kMaxLogMessages; ++i) {
    const ssize_t got = read(context_fd, message, sizeof message);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    std::string_view text(message, static_cast<std::size_t>(got));
    // "e overlay: ...": a level letter and a space (Documentation/filesystems/mount_api.rst).
    if (text.size() > 2 && text[1] == ' ') text.remove_prefix(2);
    if (text.ends_with('\n')) text.remove_suffix(1);
    messages.emplace_back(text);
  }
  return messages;
}

namespace {

// COMPAT(linux < 5.8): statx tells no mount ID. proc_pid_fdinfo(5) has it in a line of its own.
Result<std::uint64_t> MountIdFromProc(int fd) {
  constexpr std::string_view kField = "mnt_id:\t";
  const UniqueFd info(open(StrCat("/proc/self/fdinfo/", fd).c_str(), O_RDONLY | O_CLOEXEC));
  if (!info.ok()) return FailErrno(ErrorKind::kMount, errno, "find the mount ID");
  char text[512];
  const ssize_t got = read(info.get(), text, sizeof text);
  const std::string_view lines(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t field = lines.find(kField);
  if (field == std::string_view::npos) return Fail(ErrorKind::kMount, "fdinfo has no mount ID");
  std::uint64_t id = 0;
  std::from_chars(lines.data() + field + kField.size(), lines.data() + lines.size(), id);
  return id;
}

}  // namespace

Result<std::uint64_t> MountId(int fd) {
  Statx status = {};
  const bool told = syscall(SYS_statx, fd, "", AT_EMPTY_PATH, kStatxMountId, &status) == 0 &&
                    (status.mask & kStatxMountId) != 0;
  if (!told) return MountIdFromProc(fd);
  return status.mount_id;
}

bool IsOnOverlay(int fd) {
  constexpr unsigned long kOverlayMagic = 0x794c7630;  // include/uapi/linux/magic.h
  struct statfs status = {};
  return fstatfs(fd, &status) == 0 && static_cast<unsigned long>(status.f_type) == kOverlayMagic;
}

namespace {

void CloseListedDescriptors(unsigned first, unsigned last) {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return;
  const auto own = static_cast<unsigned>(dirfd(directory));
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name(entry->d_name);
    unsigned fd = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), fd);
    if (parsed.ec != std::errc() || fd < first || fd > last || fd == own) continue;
    close(static_cast<int>(fd));
  }
  closedir(directory);
}

}  // namespace

void CloseDescriptors(unsigned first, unsigned last) {
  if (syscall(kSysCloseRange, first, last, 0) != 0) CloseListedDescriptors(first, last);
}

}  // namespace nydus
