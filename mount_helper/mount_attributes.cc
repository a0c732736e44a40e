// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_attributes.h"

#include <sys/statvfs.h>

#include <cerrno>

#include "base/mount_api/mount_api.h"

namespace nydus {

namespace {

// statfs(2) reports a mount's flags as ST_* (include/linux/statfs.h).
struct StatfsFlag {
  unsigned long reported;
  std::uint64_t attribute;
};
constexpr unsigned long kStRelatime = 4096;
constexpr StatfsFlag kStatfsFlags[] = {
    {1, kMountAttrRdonly},         {2, kMountAttrNosuid},     {4, kMountAttrNodev},
    {8, kMountAttrNoexec},         {1024, kMountAttrNoatime}, {2048, kMountAttrNodiratime},
    {8192, kMountAttrNosymfollow},
};

std::uint64_t WithoutAtime(std::uint64_t attributes) {
  return attributes & ~kMountAttrAtimeMask;
}

}  // namespace

Result<std::uint64_t> CurrentAttributes(int fd) {
  struct statvfs status = {};
  if (fstatvfs(fd, &status) != 0) return FailErrno(ErrorKind::kMount, errno, "fstatvfs");
  std::uint64_t attributes = 0;
  for (const StatfsFlag& flag : kStatfsFlags) {
    if ((status.f_flag & flag.reported) != 0) attributes |= flag.attribute;
  }
  const bool strict = (attributes & kMountAttrNoatime) == 0 && (status.f_flag & kStRelatime) == 0;
  return strict ? attributes | kMountAttrStrictatime : attributes;
}

Result<> ChangeAttributes(int mount_fd, AttributeBits wanted, std::vector<std::string>& notes) {
  const Result<std::uint64_t> current = CurrentAttributes(mount_fd);
  if (!current) return Failure(current.error());

  MountAttributeChange change{
      // Even what seems set already: a read-only super block looks like a read-only mount.
      .set = WithoutAtime(wanted.set),
      .clear = WithoutAtime(wanted.clear) & *current,
  };
  const bool atime_named =
      (wanted.clear & kMountAttrAtimeMask) != 0 || (wanted.set & kMountAttrAtimeMask) != 0;
  if (atime_named && (wanted.set & kMountAttrAtimeMask) != (*current & kMountAttrAtimeMask)) {
    change.clear |= kMountAttrAtimeMask;
    change.set |= wanted.set & kMountAttrAtimeMask;
  }
  if (change.set == 0 && change.clear == 0) return {};

  Result<> changed = MountSetattr(mount_fd, change);
  // A call that changes nothing fails only where the call itself is refused; else a flag is locked.
  const bool locked = !changed && changed.error().errno_value == EPERM && change.clear != 0 &&
                      MountSetattr(mount_fd, {});
  if (!locked) return changed;
  change.clear = 0;
  change.set = WithoutAtime(change.set);
  notes.emplace_back("flags of the layer's mount are locked in this user namespace and stay");
  return change.set == 0 ? Result<>() : MountSetattr(mount_fd, change);
}

}  // namespace nydus
