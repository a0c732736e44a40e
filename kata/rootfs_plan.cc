// SPDX-License-Identifier: Apache-2.0
#include "kata/rootfs_plan.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "base/identifier.h"
#include "base/text.h"
#include "fuse/nydusd/mount_point.h"
#include "kata/agent_storage.h"
#include "kata/request_digest.h"
#include "kata/sandbox_nydusd.h"
#include "kata/sandbox_teardown.h"
#include "kata/snapshot_directory.h"
#include "kata/volume_storage.h"

namespace nydus {

namespace {

// With the target only where it is handed over too.
std::string DigestOf(const RootfsRequest& request, bool has_direct_volume) {
  std::vector<std::string> volumes;
  volumes.reserve(request.volumes.size());
  for (const KataVolume& volume : request.volumes) volumes.push_back(FormatKataVolume(volume));
  std::vector<std::string_view> parts;
  if (request.volumes.empty() && request.image) {
    parts = {request.image->source, request.image->config, request.image->snapshot_dir};
  } else {
    if (has_direct_volume) parts.emplace_back(request.target);
    parts.insert(parts.end(), volumes.begin(), volumes.end());
  }
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

// nydusd opens it and waits for a writer if it is a FIFO, for good. Never repeats the path, which
// is the payload's.
Result<> CheckBootstrap(const std::string& source) {
  struct stat status = {};
  if (stat(source.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return {};
  return Fail(ErrorKind::kUsage, "source: is not a regular file");
}

Result<ContainerPlan> PlanRootDirectory(const RootfsRequest& request) {
  Result<UniqueFd> directory = OpenHostPath(StrCat("directory ", Quote(request.directory)),
                                            request.directory, O_PATH | O_DIRECTORY);
  if (!directory) return Failure(std::move(directory.error()));
  struct stat status = {};
  if (fstat(directory->get(), &status) != 0) return FailErrno(ErrorKind::kSystem, errno, "fstat");
  // Another directory may have come under the same path.
  const std::string identity = StrCat(status.st_dev, ":", status.st_ino);
  const std::vector<std::string_view> asked = {"directory", request.directory, identity};
  ContainerPlan plan{.container = request.container, .request_digest = RequestDigest(asked)};
  plan.root_directory = std::move(*directory);
  plan.description = FormatRootfsDescription(request.container);
  return plan;
}

Result<> PlanImage(const RootfsRequest& request, ContainerPlan& plan) {
  const ExtraOption& image = *plan.image;
  plan.mount = {.mount_point = RafsMountPoint(plan.container),
                .type = "rafs",
                .source = image.source,
                .config = image.config};
  if (!image.source.starts_with('/')) {
    return Fail(ErrorKind::kUsage, "source: is no absolute path");
  }
  if (Result<> valid = CheckNydusdMount(plan.mount); !valid) return valid;
  if (Result<> bootstrap = CheckBootstrap(image.source); !bootstrap) return bootstrap;
  Result<UniqueFd> snapshot =
      OpenSnapshotDirectory(image.snapshot_dir, {.upper_directory = request.upper_directory,
                                                 .work_directory = request.work_directory,
                                                 .roots = request.snapshot_roots});
  if (!snapshot) return Failure(std::move(snapshot.error()));
  plan.snapshot_directory = std::move(*snapshot);
  return {};
}

Result<> CheckExpectations(const RootfsRequest& request, const SandboxRecord& record) {
  if (Result<> ready = CheckReady(record); !ready) return ready;
  const std::string name = StrCat("sandbox ", record.id);
  if (request.layout && *request.layout != record.layout) {
    return Fail(ErrorKind::kUsage, StrCat(name, " has the layout ", ShareLayoutName(record.layout)),
                "leave nydus.layout= out, or delete the sandbox and create it so");
  }
  if (!request.api_socket.empty() && request.api_socket != record.api_socket) {
    return Fail(ErrorKind::kUsage, StrCat(name, " has its nydusd at ", Escape(record.api_socket)),
                "leave nydus.apisock= out, or delete the sandbox and create it so");
  }
  return {};
}

bool NeedsShare(const ContainerPlan& plan) {
  return plan.image || plan.root_directory.ok();
}

// What has the container's names already is not ours, and must not be taken back as if it were.
Result<> CheckNamesAreFree(const OpenSandbox& sandbox, const ContainerPlan& plan) {
  if (plan.image) {
    if (Result<> free = CheckFree(plan.nydusd, plan.mount.mount_point); !free) {
      return Failure(Wrap(std::move(free.error()), StrCat("nydusd: ", plan.mount.mount_point)));
    }
  }
  const Result<UniqueFd> submounts = sandbox.share.OpenSubmounts();
  if (!submounts) return Failure(submounts.error());
  struct stat status = {};
  if (fstatat(submounts->get(), plan.container.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return {};
  }
  return Fail(ErrorKind::kMount,
              StrCat("there is a ", plan.container, " in ", Escape(sandbox.share.path()),
                     " already, which is not ours"),
              "another container name helps");
}

// Spent ones count: their names must stay known.
Result<> CheckContainersLeft(const SandboxRecord& record) {
  if (record.containers.size() < kMaxContainers) return {};
  return Fail(ErrorKind::kMount,
              StrCat("sandbox ", record.id, " has had ", kMaxContainers,
                     " containers, all that it can take"),
              "a new sandbox can take others");
}

Result<NextStep> SettleNew(const OpenSandbox& sandbox, ContainerPlan& plan, Deadline deadline) {
  Result<> room = CheckContainersLeft(sandbox.record);
  if (room && plan.image) room = CheckMountsLeft(sandbox.record);
  if (!room) return Failure(std::move(room.error()));
  if (!NeedsShare(plan)) return NextStep::kShare;
  Result<NydusdInformation> nydusd = AskNydusd(sandbox.record, deadline);
  if (!nydusd) return Failure(std::move(nydusd.error()));
  plan.nydusd = std::move(*nydusd);
  if (Result<> free = CheckNamesAreFree(sandbox, plan); !free) {
    return Failure(std::move(free.error()));
  }
  return NextStep::kShare;
}

Result<NextStep> SettleShared(const OpenSandbox& sandbox, const ContainerRecord& container,
                              const ContainerPlan& plan, Deadline deadline) {
  constexpr std::string_view kTakeItBack = "nydus-overlayctl rootfs unshare takes it back";
  if (container.request_digest != plan.request_digest) {
    return Fail(ErrorKind::kMount,
                StrCat("container ", container.id, " is shared already, and differently"),
                std::string(kTakeItBack));
  }
  if (!NeedsShare(plan)) return NextStep::kNothing;
  const Result<NydusdInformation> nydusd = AskNydusd(sandbox.record, deadline);
  if (!nydusd) return Failure(nydusd.error());
  Result<> lives = CheckContainerLives(sandbox, container, *nydusd);
  if (lives) return NextStep::kNothing;
  lives.error().hint = kTakeItBack;
  return Failure(std::move(lives.error()));
}

}  // namespace

Result<> CheckContainerName(const std::string& container) {
  if (!IsIdentifier(container)) {
    return Fail(ErrorKind::kUsage, StrCat("container ", Quote(container), " ", kIdentifierRule));
  }
  if (container != kSandboxMountsName) return {};
  return Fail(ErrorKind::kUsage,
              StrCat("container ", container, " would lie where the sandbox's own binds do"));
}

Result<UniqueFd> OpenHostPath(const std::string& what, const std::string& path, int flags) {
  if (!path.starts_with('/')) {
    return Fail(ErrorKind::kUsage, StrCat(what, " is not an absolute path"));
  }
  UniqueFd opened(open(path.c_str(), flags | O_CLOEXEC));
  if (!opened.ok()) return FailErrno(ErrorKind::kMount, errno, what);
  return opened;
}

Result<ContainerPlan> PlanContainer(const RootfsRequest& request) {
  if (Result<> named = CheckContainerName(request.container); !named) {
    return Failure(std::move(named.error()));
  }
  if (!request.directory.empty()) return PlanRootDirectory(request);
  Result<VolumeHandOver> asked = WhatIsAskedFor(request);
  if (!asked) return Failure(std::move(asked.error()));
  ContainerPlan plan{.container = request.container,
                     .request_digest = DigestOf(request, asked->direct_volume.has_value())};
  plan.description = FormatContainerDescription(asked->storages, asked->block_devices);
  plan.direct_volume = std::move(asked->direct_volume);
  plan.direct_volume_path = request.target;
  plan.image = std::move(asked->image);
  if (plan.direct_volume && request.target.empty()) {
    return Fail(ErrorKind::kUsage, "a direct volume needs the mount's target, its name in Kata",
                "hand it over by the mount helper");
  }
  if (!plan.image) return plan;
  if (Result<> image = PlanImage(request, plan); !image) return Failure(std::move(image.error()));
  return plan;
}

Result<NextStep> SettleInSandbox(const OpenSandbox& sandbox, const RootfsRequest& request,
                                 ContainerPlan& plan, Deadline deadline) {
  if (Result<> fits = CheckExpectations(request, sandbox.record); !fits) {
    return Failure(std::move(fits.error()));
  }
  const ContainerRecord* container = sandbox.record.FindContainer(plan.container);
  if (container == nullptr) return SettleNew(sandbox, plan, deadline);
  switch (container->phase) {
    case ContainerRecord::Phase::kShared: return SettleShared(sandbox, *container, plan, deadline);
    case ContainerRecord::Phase::kSharing: return NextStep::kTakeBackFirst;
    case ContainerRecord::Phase::kUnsharing:
    case ContainerRecord::Phase::kSpent: break;
  }
  return Fail(ErrorKind::kMount,
              StrCat("container ", plan.container,
                     " was taken back from this nydusd, which would "
                     "serve old files under the same name"),
              "use another container name, or a new sandbox");
}

}  // namespace nydus
