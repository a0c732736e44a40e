// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_nydusd.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_process.h"
#include "kata/nydusd_claims.h"

namespace nydus {

namespace {

// To connect to a socket takes time only if too many have done so.
constexpr std::chrono::seconds kListenerTime{1};

Failure AnotherListens(const SandboxRecord& record, std::string hint) {
  return Fail(ErrorKind::kMount,
              StrCat("another process listens for the nydusd of sandbox ", record.id),
              std::move(hint));
}

}  // namespace

Result<> StartOwnNydusd(const SandboxRequest& request, const SandboxState& state,
                        const ShareDirectory& share, SandboxRecord& record, Deadline deadline) {
  const NydusdSettings settings = {.program = request.nydusd,
                                   .vhost_socket = record.vhost_socket,
                                   .api_socket = record.api_socket,
                                   .share_directory = share.ServedPath(),
                                   .log_file = record.log_file,
                                   .extra_arguments = request.nydusd_arguments,
                                   .debug = request.debug};
  const auto save_identity = [&](const ProcessIdentity& process) {
    record.nydusd = process;
    return state.Save(record);
  };
  Result<StartedNydusd> started = StartNydusd(settings, false, save_identity, deadline);
  if (started) return {};
  started.error().hint.clear();  // it names the log, which goes with the sandbox
  return Failure(std::move(started.error()));
}

Result<> UseForeignNydusd(const KataDirectories& directories, const SandboxState& state,
                          const ShareDirectory& share, SandboxRecord& record, Deadline deadline) {
  const NydusdClient nydusd(record.api_socket);
  // It is said to run already: one that is not there is not waited for.
  if (Result<pid_t> pid = nydusd.Pid(deadline); !pid) {
    if (IsNoDaemon(pid.error())) pid.error().hint = "nydus-overlayctl nydusd start starts one";
    return Failure(std::move(pid.error()));
  }
  const Result<NydusdInformation> information =
      nydusd.WaitUntilRunning(std::min(deadline, After(kNydusdReadyTime)));
  if (!information) return Failure(information.error());
  const std::string mount_point(kPassthroughMountPoint);
  if (Result<> free = CheckFree(*information, mount_point); !free) {
    return Failure(Wrap(std::move(free.error()), StrCat("the nydusd at ", Quote(record.api_socket),
                                                        " cannot serve ", mount_point)));
  }
  Result<ProcessIdentity> process = IdentifyProcess(information->pid);
  if (!process) return Failure(std::move(process.error()));
  if (Result<> claimed = ClaimNydusd(directories, *process, record.id, deadline); !claimed) {
    return claimed;
  }
  record.nydusd = std::move(*process);
  record.mounts_made = information->mounts.size() + 1;
  if (Result<> saved = state.Save(record); !saved) return saved;
  const NydusdMount share_mount = {.mount_point = mount_point,
                                   .type = "passthrough_fs",
                                   .source = share.ServedPath(),
                                   .config = {}};
  return nydusd.Mount(share_mount, *information, deadline);
}

Result<bool> NydusdLives(const SandboxRecord& record) {
  if (!record.nydusd) return false;
  const Result<std::optional<UniqueFd>> process = OpenProcess(*record.nydusd);
  if (!process) return Failure(process.error());
  return process->has_value();
}

Result<> CheckListener(const SandboxRecord& record, Deadline deadline) {
  const Result<bool> lives = NydusdLives(record);
  if (!lives) return Failure(lives.error());
  if (!*lives && !record.own_nydusd) return {};
  const Result<pid_t> listener =
      NydusdClient(record.api_socket).Pid(std::min(deadline, After(kListenerTime)));
  // Nobody, or somebody to whom nothing will be said for the same reason.
  if (!listener) return {};
  if (*lives && *listener == record.nydusd->pid) return {};
  return AnotherListens(record, "nothing was touched; end it, or mend the state");
}

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
    return AnotherListens(record, hint);
  }
  if (information->FindMount(kPassthroughMountPoint) == nullptr) {
    return Fail(ErrorKind::kMount,
                StrCat("the nydusd of sandbox ", record.id, " does not serve its share any more"),
                hint);
  }
  return information;
}

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

}  // namespace nydus
