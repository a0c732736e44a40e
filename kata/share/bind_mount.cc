// SPDX-License-Identifier: Apache-2.0
#include "kata/share/bind_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/mount_api/mount_api.h"
#include "base/mount_table/mount_table.h"
#include "base/text.h"
#include "kata/share/beneath.h"

namespace nydus {

namespace {

// include/uapi/linux/stat.h of Linux 6.8.
constexpr unsigned kStatxMountIdUnique = 0x4000;

// For the calls that have no form with a descriptor alone.
std::string PathOf(int fd) {
  return StrCat("/proc/self/fd/", fd);
}

Failure NameNeededKernel(Error error, std::string_view kernel) {
  if (error.errno_value == ENOSYS) {
    error.kind = ErrorKind::kUnsupported;
    error.hint = StrCat("needs Linux ", kernel);
  }
  return Failure(std::move(error));
}

Result<> Detach(int mounted, std::string_view what) {
  Result<> unmounted = Unmount(PathOf(mounted).c_str(), MNT_DETACH);
  if (!unmounted) return Failure(Wrap(std::move(unmounted.error()), what));
  return unmounted;
}

Result<> Change(const DetachedBind& bind, const MountAttributeChange& change) {
  Result<> changed = MountSetattr(bind.fd.get(), change);
  if (!changed) return NameNeededKernel(std::move(changed.error()), "5.12");
  return changed;
}

}  // namespace

Result<DetachedBind> DetachBind(int fd) {
  Result<UniqueFd> copy = OpenTreeClone(PathOf(fd).c_str());
  if (!copy) return NameNeededKernel(std::move(copy.error()), "5.2");
  const Result<std::uint64_t> id = LastingMountId(copy->get());
  if (!id) return Failure(id.error());
  return DetachedBind{.fd = std::move(*copy), .mount_id = *id};
}

Result<> AttachBind(const DetachedBind& bind, int target) {
  Result<> attached = MoveMount(bind.fd.get(), target);
  if (!attached) return NameNeededKernel(std::move(attached.error()), "5.2");
  return attached;
}

Result<> SetPropagation(const DetachedBind& bind, std::uint64_t propagation) {
  return Change(bind, {.propagation = propagation});
}

Result<> MakeReadOnly(const DetachedBind& bind) {
  return Change(bind, {.set = kMountAttrRdonly});
}

Result<std::uint64_t> LastingMountId(int fd) {
  struct statx status = {};
  const bool told = statx(fd, "", AT_EMPTY_PATH, kStatxMountIdUnique, &status) == 0 &&
                    (status.stx_mask & kStatxMountIdUnique) != 0;
  if (told) return status.stx_mnt_id;
  // COMPAT(linux < 6.8): only the ID that is used again.
  return MountId(fd);
}

Result<bool> IsShared(int fd) {
  const Result<std::uint64_t> id = MountId(fd);
  if (!id) return Failure(id.error());
  const Result<std::vector<MountEntry>> mounts = ReadMountTable("/proc/self/mountinfo");
  if (!mounts) return Failure(mounts.error());
  const auto found = std::ranges::find_if(
      *mounts, [&](const MountEntry& mount) { return std::cmp_equal(mount.id, *id); });
  if (found == mounts->end()) {
    return Fail(ErrorKind::kMount, StrCat("/proc/self/mountinfo does not show mount ", *id));
  }
  return found->is_shared;
}

Result<bool> UnmountBeneath(int directory, const std::string& name, std::uint64_t mount_id) {
  const Result<UniqueFd> mounted = OpenMountBeneath(directory, name);
  if (!mounted && mounted.error().errno_value == ENOENT) return false;
  if (!mounted) return Failure(mounted.error());
  const Result<std::uint64_t> below = LastingMountId(directory);
  if (!below) return Failure(below.error());
  const Result<std::uint64_t> found = LastingMountId(mounted->get());
  if (!found) return Failure(found.error());
  if (*found == *below) return false;
  if (*found != mount_id) {
    return Fail(ErrorKind::kMount, StrCat("another mount is on ", Quote(name)),
                "it is left alone: unmount it first");
  }
  if (Result<> detached = Detach(mounted->get(), Quote(name)); !detached) {
    return Failure(std::move(detached.error()));
  }
  return true;
}

Result<bool> UnmountWhereverBelow(const std::string& path, std::uint64_t mount_id) {
  const Result<std::vector<MountEntry>> mounts = ReadMountTable("/proc/self/mountinfo");
  if (!mounts) return Failure(mounts.error());
  for (const MountEntry& mount : *mounts) {
    if (!mount.mount_point.starts_with(path + "/")) continue;
    // A link on the way does no harm: the ID is what counts.
    const UniqueFd mounted(open(mount.mount_point.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!mounted.ok()) continue;
    const Result<std::uint64_t> found = LastingMountId(mounted.get());
    if (!found || *found != mount_id) continue;
    if (Result<> detached = Detach(mounted.get(), Quote(mount.mount_point)); !detached) {
      return Failure(std::move(detached.error()));
    }
    return true;
  }
  return false;
}

}  // namespace nydus
