// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_teardown.h"

#include <utility>

#include "base/text.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_client.h"
#include "fuse/nydusd/nydusd_process.h"
#include "kata/container_share.h"
#include "kata/share_directory.h"

namespace nydus {

namespace {

// Ours ends; a foreign one only stops serving the share, once the containers are gone from it.
Result<> StopOwnNydusd(const SandboxRecord& record) {
  if (!record.own_nydusd || !record.nydusd) return {};
  return StopNydusd(*record.nydusd, record.vhost_socket, record.api_socket);
}

Result<> ReleaseForeignNydusd(const SandboxRecord& record, Deadline deadline) {
  if (record.own_nydusd || record.mounts_made == 0) return {};
  const Result<bool> lives = NydusdLives(record);
  if (!lives) return Failure(lives.error());
  if (!*lives) return {};
  const NydusdClient nydusd(record.api_socket);
  const Result<bool> unmounted = nydusd.Umount(std::string(kPassthroughMountPoint), deadline);
  return unmounted ? Result<>() : Failure(unmounted.error());
}

void TakeBackContainers(const OpenSandbox& sandbox, FailureList& failures, Deadline deadline) {
  const Result<bool> lives = NydusdLives(sandbox.record);
  if (!failures.Check(lives, "nydusd")) return;
  // All of them first: a guest may have moved one container's directory into another's.
  for (const ContainerRecord& container : sandbox.record.containers) {
    if (container.phase == ContainerRecord::Phase::kSpent) continue;
    failures.Check(UnmountSnapshot(sandbox, container), container.id);
  }
  for (ContainerRecord& container : sandbox.record.containers) {
    if (container.phase == ContainerRecord::Phase::kSpent) continue;
    TakeBackContainer(sandbox, container, *lives, failures, deadline);
  }
}

}  // namespace

Result<bool> NydusdLives(const SandboxRecord& record) {
  if (!record.nydusd) return false;
  const Result<std::optional<UniqueFd>> process = OpenProcess(*record.nydusd);
  if (!process) return Failure(process.error());
  return process->has_value();
}

Result<> TakeDownSandbox(const KataDirectories& directories, SandboxState state,
                         SandboxRecord& record, Deadline deadline) {
  record.phase = SandboxRecord::Phase::kDeleting;
  if (Result<> saved = state.Save(record); !saved) return saved;

  FailureList failures;
  failures.Check(StopOwnNydusd(record), "nydusd");
  const Result<std::optional<ShareDirectory>> share =
      ShareDirectory::OpenIfThere(directories, record);
  if (failures.Check(share, "share") && *share) {
    TakeBackContainers(
        {.directories = directories, .state = state, .share = **share, .record = record}, failures,
        deadline);
  }
  failures.Check(ReleaseForeignNydusd(record, deadline), "nydusd");
  if (failures.empty() && *share) (*share)->Remove(record, failures);
  if (failures.empty()) failures.Check(std::move(state).Remove(), "state");
  return std::move(failures).Finish();
}

}  // namespace nydus
