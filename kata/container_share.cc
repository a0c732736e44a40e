// SPDX-License-Identifier: Apache-2.0
#include "kata/container_share.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <set>
#include <utility>

#include "base/interruption.h"
#include "base/text.h"
#include "fuse/nydusd/mount_point.h"
#include "kata/direct_volume_file.h"
#include "kata/file_bind.h"
#include "kata/sandbox_nydusd.h"
#include "kata/share/beneath.h"
#include "kata/share/bind_mount.h"

namespace nydus {

namespace {

constexpr int kOpenFlags = O_PATH | O_DIRECTORY;

Result<> ServeImage(const OpenSandbox& sandbox, const ContainerPlan& plan, Deadline deadline) {
  const NydusdClient client(sandbox.record.api_socket);
  Result<> served = client.Mount(plan.mount, plan.nydusd, deadline);
  if (served) return {};
  if (WasNotMade(sandbox.record, plan.mount.mount_point, deadline)) --sandbox.record.mounts_made;
  return Failure(DeathOr(sandbox.record, std::move(served.error())));
}

// A new directory: one that is there already may be the guest's making.
Result<UniqueFd> MakeContainerDirectory(int submounts, const std::string& container) {
  if (mkdirat(submounts, container.c_str(), kShareDirectoryMode) != 0) {
    return FailErrno(ErrorKind::kMount, errno, StrCat("make the share of ", container));
  }
  return OpenBeneath(submounts, container, kOpenFlags);
}

Result<> BindSnapshot(const OpenSandbox& sandbox, const ContainerPlan& plan, int directory) {
  const Result<UniqueFd> place =
      MakeDirectoryBeneath(directory, kSnapshotDirectoryName, kShareDirectoryMode);
  if (!place) return Failure(place.error());
  const Result<DetachedBind> bind = DetachBind(plan.snapshot_directory.get());
  if (!bind) return Failure(bind.error());

  // COMPAT(linux < 6.8): a container of which a call was killed, or that somebody unmounted, may be
  // recorded with an ID that is used again.
  sandbox.record.ForgetMount(bind->mount_id);
  sandbox.record.FindContainer(plan.container)->bind_mount = bind->mount_id;
  Result<> done = sandbox.Save();
  if (done) done = AttachBind(*bind, place->get());
  if (done) done = SetPropagation(*bind, MS_SLAVE);
  // Only on this side: whoever deletes the share by hand does not delete the snapshot with it. The
  // view's copy, which the guest writes to, was made by AttachBind() and stays writable.
  const bool has_copy = sandbox.record.layout == ShareLayout::kGo;
  if (done && has_copy) done = MakeReadOnly(*bind);
  return done;
}

Result<> ShareImage(const OpenSandbox& sandbox, const ContainerPlan& plan, Deadline deadline) {
  Result<> served = ServeImage(sandbox, plan, deadline);
  if (served) served = CheckNotInterrupted();
  if (!served) return served;
  const Result<UniqueFd> submounts = sandbox.share.OpenSubmounts();
  if (!submounts) return Failure(submounts.error());
  const Result<UniqueFd> directory = MakeContainerDirectory(submounts->get(), plan.container);
  if (!directory) return Failure(directory.error());
  // The guest mounts there and cannot make it, because its side is read-only.
  const Result<UniqueFd> rootfs =
      MakeDirectoryBeneath(directory->get(), kRootfsName, kShareDirectoryMode);
  if (!rootfs) return Failure(rootfs.error());
  if (Result<> bound = BindSnapshot(sandbox, plan, directory->get()); !bound) {
    return Failure(Wrap(std::move(bound.error()), "bind the snapshot directory"));
  }
  return sandbox.share.CheckGuestSees(plan.container, kSnapshotDirectoryName);
}

// Kata: bindMountContainerRootfs. Nothing that is mounted below it, or will be, comes along.
Result<> ShareRootDirectory(const OpenSandbox& sandbox, const ContainerPlan& plan) {
  const Result<UniqueFd> submounts = sandbox.share.OpenSubmounts();
  if (!submounts) return Failure(submounts.error());
  const Result<UniqueFd> directory = MakeContainerDirectory(submounts->get(), plan.container);
  if (!directory) return Failure(directory.error());
  const Result<UniqueFd> place =
      MakeDirectoryBeneath(directory->get(), kRootfsName, kShareDirectoryMode);
  if (!place) return Failure(place.error());
  const Result<DetachedBind> bind = DetachBind(plan.root_directory.get());
  if (!bind) return Failure(bind.error());

  sandbox.record.ForgetMount(bind->mount_id);
  sandbox.record.FindContainer(plan.container)->bind_mount = bind->mount_id;
  Result<> done = sandbox.Save();
  if (done) done = AttachPrivately(*bind, place->get());
  if (done) done = sandbox.share.CheckGuestSees(plan.container, kRootfsName);
  return done;
}

Result<> RemoveContainerDirectory(const OpenSandbox& sandbox, ContainerRecord& container) {
  if (Result<> done = UnmountRecorded(sandbox, {&container.bind_mount}); !done) return done;
  return sandbox.share.RemoveSubmount(container.id);
}

Result<> WriteDirectVolume(const OpenSandbox& sandbox, const ContainerPlan& plan) {
  const Result<UnnamedMountInfo> file =
      UnnamedMountInfo::Make(sandbox.directories, plan.direct_volume_path, *plan.direct_volume);
  if (!file) return Failure(file.error());
  sandbox.record.FindContainer(plan.container)->direct_volume_inode = file->inode();
  if (Result<> saved = sandbox.Save(); !saved) return saved;
  return file->GiveName();
}

}  // namespace

Result<> MakeContainerShare(const OpenSandbox& sandbox, const ContainerPlan& plan,
                            Deadline deadline) {
  SandboxRecord& record = sandbox.record;
  record.containers.push_back({.id = plan.container,
                               .phase = ContainerRecord::Phase::kSharing,
                               .request_digest = plan.request_digest,
                               .rafs = plan.image.has_value(),
                               .bound_rootfs = plan.root_directory.ok()});
  if (plan.direct_volume) record.containers.back().direct_volume = plan.direct_volume_path;
  if (plan.image) ++record.mounts_made;
  Result<> done = sandbox.Save();
  if (done && plan.direct_volume) done = WriteDirectVolume(sandbox, plan);
  if (done && plan.image) done = ShareImage(sandbox, plan, deadline);
  if (done && plan.root_directory.ok()) done = ShareRootDirectory(sandbox, plan);
  if (done) done = CheckNotInterrupted();
  if (done) done = sandbox.state.SaveDescription(plan.container, plan.description);
  if (!done) return done;
  record.FindContainer(plan.container)->phase = ContainerRecord::Phase::kShared;
  return sandbox.Save();
}

Result<> UnmountRecorded(const OpenSandbox& sandbox, const std::vector<std::uint64_t*>& mounts) {
  std::set<std::uint64_t> left;
  for (const std::uint64_t* mount : mounts) {
    if (*mount != 0) left.insert(*mount);
  }
  if (left.empty()) return {};
  Result<> unmounted = sandbox.share.Unmount(left);
  for (std::uint64_t* mount : mounts) {
    if (!left.contains(*mount)) *mount = 0;
  }
  return unmounted;
}

Result<> CheckContainerLives(const OpenSandbox& sandbox, const ContainerRecord& container,
                             const NydusdInformation& nydusd) {
  if (container.rafs && nydusd.FindMount(RafsMountPoint(container.id)) == nullptr) {
    return Fail(ErrorKind::kMount,
                StrCat("container ", container.id,
                       " was handed over, but nydusd does not serve it any more"));
  }
  const bool is_bound = container.bound_rootfs;
  const Result<bool> seen =
      sandbox.share.GuestSees(container.id, is_bound ? kRootfsName : kSnapshotDirectoryName);
  if (seen && *seen) return {};
  return Fail(ErrorKind::kMount, StrCat("container ", container.id, " was handed over, but its ",
                                        is_bound ? "root file system" : "snapshot directory",
                                        " is not mounted any more"));
}

void TakeBackContainer(const OpenSandbox& sandbox, ContainerRecord& container, bool nydusd_lives,
                       FailureList& failures, Deadline deadline) {
  // One that was never handed over stays what it is: its name can be used again.
  if (container.phase == ContainerRecord::Phase::kShared) {
    container.phase = ContainerRecord::Phase::kUnsharing;
  }
  for (SharedFileRecord& file : container.files) file.shared = false;
  // Not a condition: on a full file system only what is removed below makes room.
  (void)sandbox.Save();

  TakeBackFiles(sandbox, container, failures);

  failures.Check(sandbox.state.RemoveDescription(container.id), container.id);
  if (container.HasDirectory()) {
    failures.Check(RemoveContainerDirectory(sandbox, container), container.id);
  }
  if (container.rafs && nydusd_lives) {
    failures.Check(StopServing(sandbox.record, RafsMountPoint(container.id), deadline),
                   container.id);
  }
  if (!container.direct_volume.empty()) {
    failures.Check(RemoveMountInfo(sandbox.directories, container.direct_volume,
                                   container.direct_volume_inode),
                   container.id);
  }
}

}  // namespace nydus
