// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

// The kernel's mount system calls, one function each. A failure is ErrorKind::kMount with errno set
// and the system call's name as its message; callers say what it was for.
namespace nydus {

// Mount attributes, MOUNT_ATTR_* of include/uapi/linux/mount.h. Defined here because neither
// glibc's nor musl's headers have all of them.
inline constexpr std::uint64_t kMountAttrRdonly = 0x1;
inline constexpr std::uint64_t kMountAttrNosuid = 0x2;
inline constexpr std::uint64_t kMountAttrNodev = 0x4;
inline constexpr std::uint64_t kMountAttrNoexec = 0x8;
inline constexpr std::uint64_t kMountAttrAtimeMask = 0x70;
inline constexpr std::uint64_t kMountAttrNoatime = 0x10;
inline constexpr std::uint64_t kMountAttrStrictatime = 0x20;
inline constexpr std::uint64_t kMountAttrNodiratime = 0x80;
inline constexpr std::uint64_t kMountAttrNosymfollow = 0x200000;

// struct mount_attr of include/uapi/linux/mount.h.
struct MountAttributeChange {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  std::uint64_t propagation = 0;  // MS_SHARED, MS_PRIVATE, ... or 0
  std::uint64_t user_namespace_fd = 0;
};

// The longest string that fsconfig(2) takes as a value, in bytes (fs/fsopen.c: strndup_user of
// 256).
inline constexpr std::size_t kMaxFsConfigString = 255;

// From this many bytes on, mount(2) cuts its data silently (fs/namespace.c: copy_mount_options
// copies one page and overwrites its last byte). Kept at 4096 where pages are larger.
inline constexpr std::size_t kMountDataLimit = 4096;

Result<> Mount(const char* source, const char* target, const char* type, unsigned long flags,
               const char* data);
Result<> Unmount(const char* target, int flags);

Result<UniqueFd> FsOpen(const char* type);
Result<UniqueFd> FsPick(int mount_fd);  // of the mount whose root `mount_fd` is
Result<> FsConfigFlag(int context_fd, const char* key);
Result<> FsConfigString(int context_fd, const char* key, const char* value);
Result<> FsConfigFd(int context_fd, const char* key, int fd);
Result<> FsConfigCreate(int context_fd);
Result<> FsConfigReconfigure(int context_fd);
Result<UniqueFd> FsMount(int context_fd, std::uint64_t attributes);

// A detached copy of the mount at `path`, without the mounts below it.
Result<UniqueFd> OpenTreeClone(const char* path);
Result<> MountSetattr(int mount_fd, const MountAttributeChange& change);
Result<> MoveMount(int mount_fd, int target_fd);

// What the kernel wrote into the context's log, a message each, without the level letter.
std::vector<std::string> ReadContextLog(int context_fd);

// The mount that `fd` lives on, as in the first field of /proc/self/mountinfo. From statx(2), or
// where that knows none (before 5.8) from /proc/self/fdinfo.
Result<std::uint64_t> MountId(int fd);

// True if `fd` lies on an overlay.
bool IsOnOverlay(int fd);

// close_range(2); where the kernel has none (before 5.9), the descriptors in /proc/self/fd.
void CloseDescriptors(unsigned first, unsigned last);

}  // namespace nydus
