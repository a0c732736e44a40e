// SPDX-License-Identifier: Apache-2.0
#include "kata/share/bind_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <set>
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

// In a row.
constexpr int kMaxVainSearches = 10;

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

Result<> Change(const DetachedBind& bind, const MountAttributeChange& change) {
  Result<> changed = MountSetattr(bind.fd.get(), change);
  if (!changed) return NameNeededKernel(std::move(changed.error()), "5.12");
  return changed;
}

// Whoever can write beside it may have put another directory under its name, of which a bind would
// hide what it holds.
Result<UniqueFd> OpenNewDirectory(int directory, const std::string& name) {
  Result<UniqueFd> opened = OpenBeneath(directory, name, O_PATH | O_DIRECTORY);
  if (!opened) return opened;
  std::error_code error;
  const bool is_empty = std::filesystem::is_empty(PathOf(opened->get()), error);
  if (error) return FailErrno(ErrorKind::kMount, error.value(), StrCat("read ", Quote(name)));
  if (is_empty) return opened;
  return Fail(ErrorKind::kMount,
              StrCat(Quote(name), " is not the directory that was made: it is not empty"),
              "somebody, perhaps the guest, has put another one there");
}

}  // namespace

Result<UniqueFd> MakePlaceFor(int source, int directory, const std::string& name,
                              mode_t directory_mode) {
  constexpr int kNewFile = O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC;
  struct stat status = {};
  if (fstat(source, &status) != 0) return FailErrno(ErrorKind::kSystem, errno, "fstat");
  const std::string what = StrCat("make ", Quote(name));
  if (S_ISDIR(status.st_mode)) {
    if (mkdirat(directory, name.c_str(), directory_mode) != 0) {
      return FailErrno(ErrorKind::kMount, errno, what);
    }
    return OpenNewDirectory(directory, name);
  }
  UniqueFd place(openat(directory, name.c_str(), kNewFile, S_IRUSR | S_IWUSR));
  if (!place.ok()) return FailErrno(ErrorKind::kMount, errno, what);
  return place;
}

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

Result<> AttachPrivately(const DetachedBind& bind, int target) {
  Result<> done = SetPropagation(bind, MS_PRIVATE);
  if (done) done = AttachBind(bind, target);
  // A shared parent has made it shared with its copies again.
  if (done) done = SetPropagation(bind, MS_PRIVATE);
  return done;
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

Result<bool> IsMountedOn(int directory, const std::string& name) {
  const Result<UniqueFd> place = OpenMountBeneath(directory, name);
  if (!place) return Failure(place.error());
  const Result<std::uint64_t> outer = LastingMountId(directory);
  const Result<std::uint64_t> inner = LastingMountId(place->get());
  if (!outer || !inner) return Failure((outer ? inner : outer).error());
  return *outer != *inner;
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

namespace {

// As mountinfo names it.
Result<std::string> PlaceOf(int directory) {
  char path[PATH_MAX];
  const ssize_t size = readlink(PathOf(directory).c_str(), path, sizeof path);
  if (size < 0) return FailErrno(ErrorKind::kMount, errno, "find a directory's path");
  if (size == sizeof path) return FailErrno(ErrorKind::kMount, ENAMETOOLONG, "a directory's path");
  return std::string(path, static_cast<std::size_t>(size));
}

// Looks once at each mount below the directory, and takes out of the set what it unmounts. True if
// the others are certainly not there: to reach one mount in place of another means that it lies
// under that one, or that they changed places meanwhile.
Result<bool> UnmountOnce(int directory, const std::string& path,
                         std::set<std::uint64_t>& mount_ids) {
  const Result<std::vector<MountEntry>> mounts = ReadMountTable("/proc/self/mountinfo");
  if (!mounts) return Failure(mounts.error());
  bool is_certain = true;
  std::set<std::uint64_t> seen;
  for (const MountEntry& mount : *mounts) {
    if (!mount.mount_point.starts_with(path + "/")) continue;
    const Result<UniqueFd> mounted =
        OpenMountBeneath(directory, mount.mount_point.substr(path.size() + 1));
    const Result<std::uint64_t> id =
        mounted ? LastingMountId(mounted->get()) : Failure(mounted.error());
    is_certain &= id && seen.insert(*id).second;
    if (!id || !mount_ids.contains(*id)) continue;
    Result<> unmounted = Unmount(PathOf(mounted->get()).c_str(), MNT_DETACH);
    if (!unmounted) return Failure(std::move(unmounted.error()));
    mount_ids.erase(*id);
    if (mount_ids.empty()) break;
  }
  return is_certain;
}

}  // namespace

Result<> UnmountBeneath(int directory, std::set<std::uint64_t>& mount_ids) {
  if (mount_ids.empty()) return {};
  const Result<std::string> path = PlaceOf(directory);
  if (!path) return Failure(path.error());
  Result<bool> is_certain = UnmountOnce(directory, *path, mount_ids);
  for (int vain = 1; is_certain && !*is_certain && !mount_ids.empty() && vain < kMaxVainSearches;) {
    const std::size_t before = mount_ids.size();
    is_certain = UnmountOnce(directory, *path, mount_ids);
    vain = mount_ids.size() == before ? vain + 1 : 0;
  }
  if (!is_certain) return Failure(std::move(is_certain.error()));
  if (*is_certain || mount_ids.empty()) return {};
  return Fail(ErrorKind::kMount,
              StrCat("a mount below ", Quote(*path), " is hidden by another one or being moved"),
              "what hides it is left alone: unmount it first");
}

Result<bool> UnmountBeneath(int directory, std::uint64_t mount_id) {
  std::set<std::uint64_t> left = {mount_id};
  Result<> unmounted = UnmountBeneath(directory, left);
  if (!unmounted) return Failure(std::move(unmounted.error()));
  return left.empty();
}

}  // namespace nydus
