// SPDX-License-Identifier: Apache-2.0
#include "kata/share_directory.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "kata/share/beneath.h"
#include "kata/share/bind_mount.h"
#include "kata/share/tree_removal.h"

namespace nydus {

namespace {

constexpr mode_t kViewMode = 0700;  // Kata's sharedDirMode

constexpr int kOpenFlags = O_PATH | O_DIRECTORY;

Result<UniqueFd> OpenParent(const KataDirectories& directories) {
  return MakeTrustedDirectories(directories.sandboxes, kShareDirectoryMode);
}

Result<std::uint64_t> InodeOf(int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return FailErrno(ErrorKind::kSystem, errno, "fstat");
  return status.st_ino;
}

Result<> BindForAll(const std::string& source, int directory, SandboxRecord& record,
                    const SaveRecord& save) {
  const UniqueFd source_fd(open(source.c_str(), O_PATH | O_CLOEXEC));
  if (!source_fd.ok()) return FailErrno(ErrorKind::kMount, errno, "open");
  const std::string name(LastComponent(source));
  const Result<UniqueFd> place =
      MakePlaceFor(source_fd.get(), directory, name, kShareDirectoryMode);
  if (!place) return Failure(place.error());
  const Result<DetachedBind> bind = DetachBind(source_fd.get());
  if (!bind) return Failure(bind.error());

  // Read-only before it is attached: its copy in the view is made then, and takes no later change.
  Result<> done = MakeReadOnly(*bind);
  record.binds.push_back({.name = name, .mount = bind->mount_id});
  if (done) done = save();
  if (done) done = AttachPrivately(*bind, place->get());
  return done;
}

}  // namespace

Result<ShareDirectory> ShareDirectory::Make(const KataDirectories& directories,
                                            SandboxRecord& record) {
  Result<UniqueFd> parent = OpenParent(directories);
  if (!parent) return Failure(std::move(parent.error()));
  std::string path = StrCat(directories.sandboxes, "/", record.id);
  if (mkdirat(parent->get(), record.id.c_str(), kShareDirectoryMode) != 0) {
    return FailErrno(ErrorKind::kMount, errno, StrCat("make ", Escape(path)),
                     errno == EEXIST ? "a sandbox of that name exists that is not ours" : "");
  }
  Result<UniqueFd> directory = OpenBeneath(parent->get(), record.id, kOpenFlags);
  if (!directory) return Failure(Wrap(std::move(directory.error()), Escape(path)));
  const Result<std::uint64_t> inode = InodeOf(directory->get());
  if (!inode) return Failure(inode.error());
  record.share_inode = *inode;
  return ShareDirectory(std::move(*parent), std::move(*directory), std::move(path), record);
}

Result<std::optional<ShareDirectory>> ShareDirectory::OpenIfThere(
    const KataDirectories& directories, const SandboxRecord& record) {
  Result<UniqueFd> parent = OpenParent(directories);
  if (!parent) return Failure(std::move(parent.error()));
  std::string path = StrCat(directories.sandboxes, "/", record.id);
  Result<UniqueFd> directory = OpenBeneath(parent->get(), record.id, kOpenFlags);
  if (!directory && directory.error().errno_value == ENOENT) return std::nullopt;
  if (!directory) return Failure(Wrap(std::move(directory.error()), Escape(path)));
  return ShareDirectory(std::move(*parent), std::move(*directory), std::move(path), record);
}

Result<> ShareDirectory::Prepare(const std::vector<std::string>& binds, SandboxRecord& record,
                                 const SaveRecord& save) const {
  const Result<UniqueFd> submounts =
      MakeDirectoryBeneath(directory_.get(), std::string(names_.submounts), kShareDirectoryMode);
  if (!submounts) return Failure(submounts.error());
  const Result<bool> shared = IsShared(submounts->get());
  if (!shared) return Failure(shared.error());
  if (!*shared) {
    return Fail(ErrorKind::kMount,
                StrCat(Escape(path_),
                       " lies on a private mount: the guest would not see what is "
                       "mounted there"),
                "mount --make-shared the mount it lies on, usually /run or /");
  }
  if (Result<> view = BindView(record, save); !view) return view;
  if (binds.empty()) return {};

  const Result<UniqueFd> directory =
      MakeDirectoryBeneath(submounts->get(), kSandboxMountsName, kShareDirectoryMode);
  if (!directory) return Failure(directory.error());
  for (const std::string& source : binds) {
    if (Result<> bound = BindForAll(source, directory->get(), record, save); !bound) {
      return Failure(Wrap(std::move(bound.error()), StrCat("bind ", Quote(source))));
    }
  }
  return {};
}

Result<> ShareDirectory::BindView(SandboxRecord& record, const SaveRecord& save) const {
  const Result<UniqueFd> submounts = OpenSubmounts();
  if (!submounts) return Failure(submounts.error());
  const Result<UniqueFd> view =
      MakeDirectoryBeneath(directory_.get(), std::string(names_.view), kViewMode);
  if (!view) return Failure(view.error());
  const Result<DetachedBind> bind = DetachBind(submounts->get());
  if (!bind) return Failure(bind.error());

  record.view_mount = bind->mount_id;
  Result<> done = save();
  if (done) done = AttachBind(*bind, view->get());
  // A slave: what is mounted among the submounts shows here, nothing goes the other way.
  if (done) done = SetPropagation(*bind, MS_SLAVE);
  if (done) done = MakeReadOnly(*bind);
  if (!done) return Failure(Wrap(std::move(done.error()), StrCat(Escape(path_), "/", names_.view)));
  return {};
}

void ShareDirectory::Remove(const SandboxRecord& record, FailureList& failures) const {
  bool clean = true;
  for (const SandboxBindRecord& bind : record.binds) {
    std::set<std::uint64_t> mount = {bind.mount};
    clean &= failures.Check(Unmount(mount), StrCat("sandbox bind ", Quote(bind.name)));
  }
  if (record.view_mount != 0) {
    clean &= failures.Check(UnmountBeneath(directory_.get(), record.view_mount),
                            StrCat(Escape(path_), "/", names_.view));
  }
  if (clean) failures.Check(RemoveTreeBeneath(parent_.get(), name_), Escape(path_));
}

bool ShareDirectory::IsOf(const SandboxRecord& record) const {
  const Result<std::uint64_t> inode = InodeOf(directory_.get());
  return inode && *inode == record.share_inode;
}

void ShareDirectory::RemoveIfEmpty() const {
  (void)RemoveDirectoryBeneath(parent_.get(), name_);
}

Result<> ShareDirectory::RemoveSubmount(const std::string& name) const {
  const Result<UniqueFd> submounts = OpenSubmounts();
  if (!submounts && submounts.error().errno_value == ENOENT) return {};
  if (!submounts) return Failure(submounts.error());
  return RemoveTreeBeneath(submounts->get(), name);
}

Result<bool> ShareDirectory::GuestSees(const std::string& container,
                                       const std::string& name) const {
  Result<UniqueFd> directory = OpenServed();
  if (directory && !container.empty()) {
    directory = OpenBeneath(directory->get(), container, kOpenFlags);
  }
  if (!directory) return Failure(std::move(directory.error()));
  return IsMountedOn(directory->get(), name);
}

Result<> ShareDirectory::CheckGuestSees(const std::string& container,
                                        const std::string& name) const {
  const Result<bool> seen = GuestSees(container, name);
  if (!seen) return Failure(seen.error());
  if (*seen) return {};
  return Fail(ErrorKind::kMount,
              StrCat("the guest would not see ", Escape(ServedPath()), "/", container,
                     container.empty() ? "" : "/", Escape(name),
                     ": a mount made for it does not propagate"),
              "the mount below the share was made private; make it shared and create the sandbox "
              "again");
}

Result<> ShareDirectory::Unmount(std::set<std::uint64_t>& mount_ids) const {
  const Result<UniqueFd> submounts = OpenSubmounts();
  if (!submounts && submounts.error().errno_value != ENOENT) return Failure(submounts.error());
  Result<> unmounted = submounts ? UnmountBeneath(submounts->get(), mount_ids) : Result<>();
  if (unmounted) mount_ids.clear();
  return unmounted;
}

Result<UniqueFd> ShareDirectory::OpenSubmounts() const {
  return OpenBeneath(directory_.get(), std::string(names_.submounts), kOpenFlags);
}

Result<UniqueFd> ShareDirectory::OpenServed() const {
  return OpenMountBeneath(directory_.get(), std::string(names_.served));
}

std::string ShareDirectory::SubmountsPath() const {
  return StrCat(path_, "/", names_.submounts);
}

std::string ShareDirectory::ServedPath() const {
  return StrCat(path_, "/", names_.served);
}

}  // namespace nydus
