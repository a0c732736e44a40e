// SPDX-License-Identifier: Apache-2.0
#include "kata/rootfs.h"

#include <algorithm>
#include <utility>

#include "base/identifier.h"
#include "base/text.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_client.h"
#include "fuse/nydusd/nydusd_process.h"
#include "kata/agent_storage.h"
#include "kata/container_share.h"
#include "kata/request_digest.h"
#include "kata/sandbox.h"
#include "kata/sandbox_state.h"
#include "kata/sandbox_teardown.h"
#include "kata/share_directory.h"
#include "kata/snapshot_directory.h"
#include "kata/volume_storage.h"
#include "snapshot/payload/payload_policy.h"

namespace nydus {

namespace {

// What undoing may take beyond the caller's deadline, which may have passed already.
constexpr std::chrono::seconds kUndoTime{30};

Failure NoSuchSandbox(const std::string& sandbox) {
  return Fail(ErrorKind::kMount, StrCat("there is no sandbox ", Quote(sandbox)),
              StrCat("nydus-overlayctl sandbox create ", sandbox, " makes it"));
}

std::string DigestOf(const RootfsRequest& request) {
  std::vector<std::string> volumes;
  for (const KataVolume& volume : request.volumes) volumes.push_back(FormatKataVolume(volume));
  std::vector<std::string_view> parts;
  if (request.volumes.empty() && request.image) {
    parts = {request.image->source, request.image->config, request.image->snapshot_dir};
  }
  parts.insert(parts.end(), volumes.begin(), volumes.end());
  return RequestDigest(parts);
}

Result<VolumeHandOver> WhatIsAskedFor(const RootfsRequest& request) {
  if (!request.volumes.empty()) return DescribeVolumes(request.volumes, request.container, {});
  if (!request.image) {
    return Fail(ErrorKind::kUsage, "there is neither an extra option nor a Kata volume");
  }
  VolumeHandOver hand_over{.storages = {OverlayStorage(request.container)}};
  hand_over.image = request.image;
  return hand_over;
}

// Everything that can be refused is, before anything is changed.
Result<ContainerPlan> PlanContainer(const RootfsRequest& request) {
  Result<VolumeHandOver> asked = WhatIsAskedFor(request);
  if (!asked) return Failure(std::move(asked.error()));
  ContainerPlan plan{.container = request.container, .request_digest = DigestOf(request)};
  plan.description = FormatContainerDescription(asked->storages, asked->block_devices);
  plan.direct_volume = std::move(asked->direct_volume);
  plan.direct_volume_path = request.target;
  plan.image = std::move(asked->image);
  if (!plan.image) return plan;
  Result<UniqueFd> snapshot =
      OpenSnapshotDirectory(plan.image->snapshot_dir, {.upper_directory = request.upper_directory,
                                                       .work_directory = request.work_directory,
                                                       .roots = request.snapshot_roots});
  if (!snapshot) return Failure(std::move(snapshot.error()));
  plan.snapshot_directory = std::move(*snapshot);
  return plan;
}

Result<> CheckExpectations(const RootfsRequest& request, const SandboxRecord& record) {
  if (record.phase != SandboxRecord::Phase::kReady) {
    return Fail(ErrorKind::kMount, StrCat("sandbox ", record.id, " was left half-way"),
                StrCat("nydus-overlayctl sandbox create or delete ", record.id, " mends that"));
  }
  if (request.layout && *request.layout != record.layout) {
    return Fail(ErrorKind::kUsage,
                StrCat("sandbox ", record.id, " has the layout ", ShareLayoutName(record.layout)));
  }
  if (!request.api_socket.empty() && request.api_socket != record.api_socket) {
    return Fail(ErrorKind::kUsage,
                StrCat("sandbox ", record.id, " has its nydusd at ", Escape(record.api_socket)));
  }
  return {};
}

// RUNNING, the very process that the sandbox was made with, and serving the share.
Result<NydusdInformation> AskNydusd(const SandboxRecord& record, Deadline deadline) {
  const std::string hint = StrCat("nydus-overlayctl sandbox delete and sandbox create ", record.id,
                                  " give it a new one");
  const Result<bool> lives = NydusdLives(record);
  if (!lives) return Failure(lives.error());
  if (!*lives) {
    return Fail(ErrorKind::kMount, StrCat("the nydusd of sandbox ", record.id, " has died"), hint);
  }
  const NydusdClient nydusd(record.api_socket);
  Result<NydusdInformation> information =
      nydusd.WaitUntilRunning(std::min(deadline, After(kNydusdReadyTime)));
  if (!information) return information;
  if (information->pid != record.nydusd->pid) {
    return Fail(ErrorKind::kMount,
                StrCat("another process listens for the nydusd of sandbox ", record.id), hint);
  }
  if (information->FindMount(kPassthroughMountPoint) == nullptr) {
    return Fail(ErrorKind::kMount,
                StrCat("the nydusd of sandbox ", record.id, " does not serve its share any more"),
                hint);
  }
  return information;
}

// Ends what an interrupted call began. A container that was handed over once stays in the record,
// because nydusd would serve its old files to a guest that looks again.
Result<> TakeBack(const OpenSandbox& sandbox, const std::string& name, bool was_handed_over,
                  Deadline deadline) {
  const Result<bool> lives = NydusdLives(sandbox.record);
  if (!lives) return Failure(lives.error());
  ContainerRecord& container = *sandbox.record.FindContainer(name);
  FailureList failures;
  TakeBackContainer(sandbox, container, *lives, failures, deadline);
  if (!failures.empty()) return std::move(failures).Finish();
  if (was_handed_over && container.rafs) {
    container.phase = ContainerRecord::Phase::kSpent;
    container.snapshot_mount = 0;
  } else {
    std::erase_if(sandbox.record.containers,
                  [&](const ContainerRecord& each) { return each.id == name; });
  }
  return sandbox.Save();
}

Result<> CheckRoom(const SandboxRecord& record) {
  if (record.mounts_made < kMaxMountsOfNydusd && record.containers.size() < kMaxContainers) {
    return {};
  }
  return Fail(ErrorKind::kMount,
              StrCat("the nydusd of sandbox ", record.id, " has made ", record.mounts_made,
                     " mounts, all that it can tell apart"),
              "a new sandbox has a new nydusd");
}

Result<std::string> ShareNew(const OpenSandbox& sandbox, ContainerPlan& plan, Deadline deadline) {
  if (Result<> room = CheckRoom(sandbox.record); !room) return Failure(std::move(room.error()));
  if (plan.image) {
    Result<NydusdInformation> nydusd = AskNydusd(sandbox.record, deadline);
    if (!nydusd) return Failure(std::move(nydusd.error()));
    plan.nydusd = std::move(*nydusd);
  }
  Result<> made = MakeContainerShare(sandbox, plan, deadline);
  if (made) return plan.description;
  if (const Result<> undone = TakeBack(sandbox, plan.container, false, After(kUndoTime)); !undone) {
    made.error().message += StrCat("; and then: ", undone.error().message);
    made.error().hint = "nydus-overlayctl rootfs unshare takes back the rest";
  }
  return Failure(std::move(made.error()));
}

Result<std::string> ShareAgain(const OpenSandbox& sandbox, const ContainerRecord& container,
                               const ContainerPlan& plan, Deadline deadline) {
  if (container.request_digest != plan.request_digest) {
    return Fail(ErrorKind::kMount,
                StrCat("container ", container.id, " is shared already, and differently"),
                "nydus-overlayctl rootfs unshare takes it back");
  }
  if (plan.image) {
    const Result<NydusdInformation> nydusd = AskNydusd(sandbox.record, deadline);
    if (!nydusd) return Failure(nydusd.error());
  }
  return plan.description;
}

Result<std::string> ShareIn(const OpenSandbox& sandbox, const RootfsRequest& request,
                            Deadline deadline) {
  if (Result<> fits = CheckExpectations(request, sandbox.record); !fits) {
    return Failure(std::move(fits.error()));
  }
  Result<ContainerPlan> plan = PlanContainer(request);
  if (!plan) return Failure(plan.error());
  const ContainerRecord* container = sandbox.record.FindContainer(request.container);
  if (container == nullptr) return ShareNew(sandbox, *plan, deadline);
  switch (container->phase) {
    case ContainerRecord::Phase::kShared: return ShareAgain(sandbox, *container, *plan, deadline);
    case ContainerRecord::Phase::kSharing:
      if (Result<> ended = TakeBack(sandbox, request.container, false, deadline); !ended) {
        return Failure(Wrap(std::move(ended.error()), "leftovers of an interrupted call"));
      }
      return ShareNew(sandbox, *plan, deadline);
    case ContainerRecord::Phase::kUnsharing:
    case ContainerRecord::Phase::kSpent: break;
  }
  return Fail(ErrorKind::kMount,
              StrCat("container ", request.container,
                     " was taken back from this nydusd, which "
                     "would serve old files under the same name"),
              "use another container name, or a new sandbox");
}

struct SandboxParts {
  const KataDirectories& directories;
  SandboxState state;
  SandboxRecord record;
  ShareDirectory share;

  OpenSandbox Open() {
    return {.directories = directories, .state = state, .share = share, .record = record};
  }
};

// Nothing if there is no such sandbox.
Result<std::optional<SandboxParts>> OpenParts(const KataDirectories& directories,
                                              const std::string& sandbox, Deadline deadline) {
  Result<std::optional<SandboxState>> state =
      SandboxState::OpenIfThere(directories, sandbox, deadline);
  if (!state) return Failure(std::move(state.error()));
  if (!*state) return std::nullopt;
  Result<std::optional<SandboxRecord>> record = (*state)->Load();
  if (!record) return Failure(std::move(record.error()));
  if (!*record) return std::nullopt;
  Result<std::optional<ShareDirectory>> share = ShareDirectory::OpenIfThere(directories, **record);
  if (!share) return Failure(std::move(share.error()));
  if (!*share) {
    return Fail(ErrorKind::kMount, StrCat("the share of sandbox ", sandbox, " is gone"),
                StrCat("nydus-overlayctl sandbox delete ", sandbox, " takes down the rest"));
  }
  return SandboxParts{directories, std::move(**state), std::move(**record), std::move(**share)};
}

// The sandbox is made around a nydusd that runs already, and taken down again if nobody comes to
// use it.
Result<std::string> ShareInNewSandbox(const KataDirectories& directories,
                                      const RootfsRequest& request, Deadline deadline) {
  SandboxRequest sandbox{.id = request.sandbox, .api_socket = request.api_socket};
  sandbox.layout = request.layout.value_or(ShareLayout::kGo);
  const Result<SandboxRecord> made = CreateSandbox(directories, sandbox, deadline);
  if (!made) return Failure(made.error());
  Result<std::optional<SandboxParts>> parts = OpenParts(directories, request.sandbox, deadline);
  if (!parts) return Failure(std::move(parts.error()));
  if (!*parts) return NoSuchSandbox(request.sandbox);
  SandboxParts& found = **parts;
  Result<std::string> shared = ShareIn(found.Open(), request, deadline);
  if (shared || !found.record.containers.empty()) return shared;
  if (const Result<> undone =
          TakeDownSandbox(directories, std::move(found.state), found.record, After(kUndoTime));
      !undone) {
    shared.error().message += StrCat("; and then: ", undone.error().message);
  }
  return shared;
}

Result<> CheckContainerName(const std::string& container) {
  if (IsIdentifier(container)) return {};
  return Fail(ErrorKind::kUsage, StrCat("container ", Quote(container), " ", kIdentifierRule));
}

}  // namespace

Result<std::string> ShareRootFilesystem(const KataDirectories& directories,
                                        const RootfsRequest& request, Deadline deadline) {
  if (Result<> named = CheckContainerName(request.container); !named) {
    return Failure(std::move(named.error()));
  }
  Result<std::optional<SandboxParts>> parts = OpenParts(directories, request.sandbox, deadline);
  if (!parts) return Failure(std::move(parts.error()));
  if (*parts) {
    return ShareIn((*parts)->Open(), request, deadline);
  }
  if (request.api_socket.empty()) return NoSuchSandbox(request.sandbox);
  return ShareInNewSandbox(directories, request, deadline);
}

Result<bool> UnshareRootFilesystem(const KataDirectories& directories, const std::string& sandbox,
                                   const std::string& container, Deadline deadline) {
  if (Result<> named = CheckContainerName(container); !named) {
    return Failure(std::move(named.error()));
  }
  Result<std::optional<SandboxParts>> parts = OpenParts(directories, sandbox, deadline);
  if (!parts) return Failure(std::move(parts.error()));
  if (!*parts) return false;
  const ContainerRecord* found = (*parts)->record.FindContainer(container);
  if (found == nullptr || found->phase == ContainerRecord::Phase::kSpent) return false;
  const bool was_handed_over = found->phase != ContainerRecord::Phase::kSharing;
  const OpenSandbox open = (*parts)->Open();
  if (Result<> taken = TakeBack(open, container, was_handed_over, deadline); !taken) {
    return Failure(std::move(taken.error()));
  }
  return true;
}

}  // namespace nydus
