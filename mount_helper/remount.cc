// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/remount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "base/mount_api/kernel_features.h"
#include "base/mount_api/mount_api.h"
#include "base/text.h"
#include "mount_helper/mount_attributes.h"

namespace nydus {

namespace {

// A directory within a mount lies on the mount of its parent; the root of all has no parent.
bool IsMountRoot(int fd) {
  const UniqueFd parent(openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat own = {};
  struct stat above = {};
  if (!parent.ok() || fstat(fd, &own) != 0 || fstat(parent.get(), &above) != 0) return true;
  if (own.st_dev == above.st_dev && own.st_ino == above.st_ino) return true;
  const Result<std::uint64_t> own_mount = MountId(fd);
  const Result<std::uint64_t> parent_mount = MountId(parent.get());
  return !own_mount || !parent_mount || *own_mount != *parent_mount;
}

Result<> ReconfigureSuperBlock(int context_fd, const MountFlags& flags) {
  for (const std::string_view flag : ContextFlags(flags)) {
    if (Result<> set = FsConfigFlag(context_fd, std::string(flag).c_str()); !set) return set;
  }
  return FsConfigReconfigure(context_fd);
}

// The flags in force, as far as statfs(2) tells them, with the named ones on top. A mount keeps its
// way with access times unless one is named, MS_RELATIME included.
unsigned long MergedFlags(const MountFlags& flags, std::uint64_t attributes,
                          unsigned long super_block) {
  unsigned long merged = super_block;
  for (const OptionRow& row : OptionTable()) {
    if (row.set && (row.attribute & attributes) != 0) merged |= row.mount_flag;
  }
  merged = (merged & ~flags.clear) | MountFlagBits(flags);
  if (flags.atime) return *flags.atime == Atime::kRelative ? merged | MS_RELATIME : merged;
  if ((attributes & kMountAttrNoatime) != 0) return merged | MS_NOATIME;
  return merged | ((attributes & kMountAttrStrictatime) != 0 ? MS_STRICTATIME : MS_RELATIME);
}

// Flags of the super block that statfs(2) reports under the numbers of MS_*.
unsigned long SuperBlockFlags(int fd) {
  struct statvfs status = {};
  if (fstatvfs(fd, &status) != 0) return 0;
  return status.f_flag & (MS_SYNCHRONOUS | MS_MANDLOCK);
}

// COMPAT(linux < 5.12): mount(2) takes all flags at once, so those in force are merged with the
// named ones; a plain MS_REMOUNT would clear the rest. The super block is left alone unless a
// word names it: nothing tells whether it has lazytime, which would be lost.
Result<> RemountByCall(const MountFlags& flags, const MountTarget& target, bool overlay) {
  const Result<std::uint64_t> attributes = CurrentAttributes(target.fd.get());
  if (!attributes) return Failure(attributes.error());
  const bool super_block = overlay && !ContextFlags(flags).empty();
  const unsigned long kind = super_block ? MS_REMOUNT : MS_REMOUNT | MS_BIND;
  const unsigned long merged = MergedFlags(flags, *attributes, SuperBlockFlags(target.fd.get()));

  const Result<std::string> path = NameTarget(target, WorkingDirectory::kFree);
  if (!path) return Failure(path.error());
  return Mount(nullptr, path->c_str(), nullptr, kind | merged, nullptr);
}

Result<> RemountByContext(const MountFlags& flags, const MountTarget& target, bool overlay,
                          std::vector<std::string>& notes) {
  if (overlay && !ContextFlags(flags).empty()) {
    const Result<UniqueFd> context = FsPick(target.fd.get());
    if (!context) return Failure(context.error());
    if (Result<> done = ReconfigureSuperBlock(context->get(), flags); !done) return done;
  }
  return ChangeAttributes(target.fd.get(), MountAttributes(flags), notes);
}

}  // namespace

Result<> Remount(const RemountPlan& plan, const MountTarget& target,
                 std::vector<std::string>& notes) {
  if (!IsMountRoot(target.fd.get())) {
    return Fail(ErrorKind::kMount, "remount: the target is not a mount point");
  }
  if (const std::string_view flag = FlagWithoutContextForm(plan.flags); !flag.empty()) {
    return Fail(ErrorKind::kMount, StrCat("option ", Quote(flag), " cannot be set by a remount"));
  }
  const bool overlay = IsOnOverlay(target.fd.get());
  MountFlags flags = plan.flags;
  if (!overlay && (flags.clear & MS_RDONLY) != 0) {
    flags.clear &= ~static_cast<unsigned long>(MS_RDONLY);
    notes.emplace_back("rw left out: a layer that is mounted alone stays read-only");
  }
  Result<> done = RemountByContext(flags, target, overlay, notes);
  if (!done && IsAbsent(done.error().errno_value)) done = RemountByCall(flags, target, overlay);
  if (done) return {};
  if (done.error().errno_value == EINVAL) {
    return Fail(ErrorKind::kMount,
                "remount: the target is not a mount point, or a flag is refused");
  }
  return Failure(Wrap(std::move(done.error()), "remount"));
}

}  // namespace nydus
