// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/remount.h"

#include <sys/mount.h>
#include <sys/vfs.h>

#include <cerrno>

#include "base/mount_api/mount_api.h"
#include "base/text.h"
#include "mount_helper/mount_attributes.h"

namespace nydus {

namespace {

// include/uapi/linux/magic.h
constexpr unsigned long kOverlayMagic = 0x794c7630;

bool IsOverlay(int fd) {
  struct statfs status = {};
  return fstatfs(fd, &status) == 0 && static_cast<unsigned long>(status.f_type) == kOverlayMagic;
}

bool IsAbsent(const Error& error) {
  return error.errno_value == ENOSYS || error.errno_value == EPERM;
}

Result<> ReconfigureSuperBlock(int context_fd, const MountFlags& flags) {
  for (const std::string_view flag : ContextFlags(flags)) {
    if (Result<> set = FsConfigFlag(context_fd, std::string(flag).c_str()); !set) return set;
  }
  return FsConfigReconfigure(context_fd);
}

// COMPAT(linux < 5.12): mount(2) takes all flags at once, so those in force are merged with the
// named ones; a plain MS_REMOUNT would clear the rest.
Result<> RemountByCall(const MountFlags& flags, const MountTarget& target, bool overlay) {
  const Result<std::uint64_t> current = CurrentAttributes(target.fd.get());
  if (!current) return Failure(current.error());
  MountFlags merged;
  for (const OptionRow& row : OptionTable()) {
    const bool in_force = row.set && (row.attribute & *current) != 0;
    if (row.kind == OptionKind::kAttribute && in_force) merged.Apply(row);
  }
  if ((*current & kMountAttrNoatime) != 0) merged.atime = Atime::kNever;
  if ((*current & kMountAttrStrictatime) != 0) merged.atime = Atime::kStrict;
  merged.set = (merged.set & ~flags.clear) | flags.set;
  if (flags.atime) merged.atime = flags.atime;

  const Result<std::string> path = DescriptorPath(target.fd.get());
  if (!path) return Failure(path.error());
  const unsigned long kind = overlay ? MS_REMOUNT : MS_REMOUNT | MS_BIND;
  return Mount(nullptr, path->c_str(), nullptr, kind | MountFlagBits(merged), nullptr);
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
  const bool overlay = IsOverlay(target.fd.get());
  MountFlags flags = plan.flags;
  if (!overlay && (flags.clear & MS_RDONLY) != 0) {
    flags.clear &= ~static_cast<unsigned long>(MS_RDONLY);
    notes.emplace_back("rw left out: a layer that is mounted alone stays read-only");
  }
  Result<> done = RemountByContext(flags, target, overlay, notes);
  if (!done && IsAbsent(done.error())) done = RemountByCall(flags, target, overlay);
  if (done) return {};
  if (done.error().errno_value == EINVAL) {
    return Fail(ErrorKind::kMount,
                "remount: the target is not a mount point, or a flag is refused");
  }
  return Failure(Wrap(std::move(done.error()), "remount"));
}

}  // namespace nydus
