// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_teardown.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/interruption.h"
#include "base/text.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_client.h"
#include "fuse/nydusd/nydusd_process.h"
#include "kata/container_share.h"
#include "kata/sandbox_nydusd.h"
#include "kata/share_directory.h"

namespace nydus {

namespace {

// Before anything is removed: a guest may have moved what belongs to one container into another's
// directory, or where a mount hides it. What fails is tried again, and told, container by
// container.
void UnmountAll(const OpenSandbox& sandbox) {
  std::vector<std::uint64_t*> mounts;
  for (ContainerRecord& container : sandbox.record.containers) {
    if (container.phase == ContainerRecord::Phase::kSpent) continue;
    mounts.push_back(&container.bind_mount);
    for (SharedFileRecord& file : container.files) mounts.push_back(&file.mount);
  }
  (void)UnmountRecorded(sandbox, mounts);
}

void TakeBackContainers(const OpenSandbox& sandbox, FailureList& failures, Deadline deadline) {
  const Result<bool> lives = NydusdLives(sandbox.record);
  if (!failures.Check(lives, "nydusd")) return;
  UnmountAll(sandbox);
  for (ContainerRecord& container : sandbox.record.containers) {
    if (container.phase == ContainerRecord::Phase::kSpent) continue;
    TakeBackContainer(sandbox, container, *lives, failures, deadline);
  }
}

// Before the share was made nothing is ours there.
Result<> CheckShare(const std::optional<ShareDirectory>& share, const SandboxRecord& record) {
  if (!share || record.share_inode == 0 || share->IsOf(record)) return {};
  return Fail(
      ErrorKind::kMount,
      StrCat(Escape(share->path()), " is not the directory that was made for sandbox ", record.id),
      "nothing was touched; put that one back, or mend the state");
}

}  // namespace

Result<> CheckNamespaces(const SandboxRecord& record) {
  const Result<Namespaces> own = OwnNamespaces();
  if (!own) return Failure(own.error());
  if (*own == record.namespaces) return {};
  return Fail(ErrorKind::kMount,
              StrCat("sandbox ", record.id, " was made in another mount or process namespace"),
              "run it there, for instance with nsenter");
}

Result<> CheckReady(const SandboxRecord& record) {
  if (Result<> here = CheckNamespaces(record); !here) return here;
  if (record.phase == SandboxRecord::Phase::kReady) return {};
  return Fail(ErrorKind::kMount, StrCat("sandbox ", record.id, " was left half-way"),
              StrCat("nydus-overlayctl sandbox create or delete ", record.id, " mends that"));
}

Result<> TakeDownSandbox(const KataDirectories& directories, SandboxState state,
                         SandboxRecord& record, Deadline deadline) {
  if (Result<> here = CheckNamespaces(record); !here) return here;
  if (Result<> known = CheckListener(record, deadline); !known) return known;
  const Result<std::optional<ShareDirectory>> share =
      ShareDirectory::OpenIfThere(directories, record);
  if (share) {
    if (Result<> ours = CheckShare(*share, record); !ours) return ours;
  }
  const Uninterrupted to_the_end;
  record.phase = SandboxRecord::Phase::kDeleting;
  // Only what this takes away makes room again if the file system is full, and without it the
  // record is as true as before.
  (void)state.Save(record);

  FailureList failures;
  failures.Check(StopOwnNydusd(record), "nydusd");
  const bool is_ours = failures.Check(share, "share") && *share && record.share_inode != 0;
  if (is_ours) {
    TakeBackContainers(
        {.directories = directories, .state = state, .share = **share, .record = record}, failures,
        deadline);
  }
  failures.Check(ReleaseForeignNydusd(directories, record, deadline), "nydusd");
  if (failures.empty() && is_ours) (*share)->Remove(record, failures);
  if (share && *share && !is_ours) (*share)->RemoveIfEmpty();
  if (failures.empty()) failures.Check(std::move(state).Remove(), "state");
  return std::move(failures).Finish();
}

}  // namespace nydus
