// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_nydusd.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "base/interruption.h"
#include "base/text.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_process.h"
#include "kata/nydusd_claims.h"

namespace nydus {

namespace {

// To connect to a socket takes time only if too many have done so.
constexpr std::chrono::seconds kListenerTime{1};
// How long a process may take to end after its sockets were closed.
constexpr std::chrono::milliseconds kEndingTime{500};

std::string HintForNewNydusd(const SandboxRecord& record) {
  return StrCat("nydus-overlayctl sandbox delete and sandbox create ", record.id,
                " give it a new one");
}

Error Death(const SandboxRecord& record) {
  return {.kind = ErrorKind::kMount,
          .message = StrCat("the nydusd of sandbox ", record.id, " has died"),
          .hint = HintForNewNydusd(record)};
}

Result<std::optional<UniqueFd>> OpenNydusd(const SandboxRecord& record) {
  if (!record.nydusd) return std::nullopt;
  return OpenProcess(*record.nydusd);
}

// Whether it has ended, now that it was asked and that was the answer.
bool HasDied(const SandboxRecord& record, const Error& error) {
  const Result<std::optional<UniqueFd>> process = OpenNydusd(record);
  if (!process || !*process) return process.has_value();
  const bool hung_up =
      IsNoDaemon(error) || error.errno_value == ECONNRESET || error.errno_value == EPIPE;
  const auto time = hung_up ? kEndingTime : std::chrono::milliseconds(0);
  const Result<bool> ended = WaitForEnd((*process)->get(), After(time));
  return ended && *ended;
}

Failure AnotherListens(const SandboxRecord& record, std::string hint) {
  return Fail(ErrorKind::kMount,
              StrCat("another process listens for the nydusd of sandbox ", record.id),
              std::move(hint));
}

// A call that was killed may not have noted that nydusd did what it asked for. Once it is unmounted
// nobody could tell.
Result<> StopServingShare(const KataDirectories& directories, const SandboxRecord& record,
                          Deadline deadline) {
  const NydusdClient nydusd(record.api_socket);
  const std::string share(kPassthroughMountPoint);
  const Result<NydusdInformation> information = nydusd.Information(deadline);
  if (!information) return Failure(Wrap(information.error(), StrCat("umount of ", Quote(share))));
  if (information->FindMount(share) == nullptr) return {};
  const Result<bool> ours = NoteServed(directories, *record.nydusd, record.id, deadline);
  if (!ours) return Failure(ours.error());
  if (!*ours) return {};
  const Result<bool> unmounted = nydusd.Umount(share, *information, deadline);
  return unmounted ? Result<>() : Failure(unmounted.error());
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
  Result<> ready = state.Save(record);
  // The last chance to give nydusd back as it was.
  if (ready) ready = CheckNotInterrupted();
  if (!ready) return ready;
  const NydusdMount share_mount = {.mount_point = mount_point,
                                   .type = "passthrough_fs",
                                   .source = share.ServedPath(),
                                   .config = {}};
  if (Result<> served = nydusd.Mount(share_mount, *information, deadline); !served) return served;
  const Result<bool> noted = NoteServed(directories, *record.nydusd, record.id, deadline);
  return noted ? Result<>() : Failure(noted.error());
}

Result<bool> NydusdLives(const SandboxRecord& record) {
  const Result<std::optional<UniqueFd>> process = OpenNydusd(record);
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

Result<> CheckAddressee(const SandboxRecord& record, Deadline deadline) {
  const Result<pid_t> listener = NydusdClient(record.api_socket).Pid(deadline);
  if (!listener) return {};
  const Result<bool> lives = NydusdLives(record);
  if (!lives) return Failure(lives.error());
  if (*lives && *listener == record.nydusd->pid) return {};
  return AnotherListens(record, HintForNewNydusd(record));
}

Result<NydusdInformation> AskNydusd(const SandboxRecord& record, Deadline deadline) {
  const Result<std::optional<UniqueFd>> process = OpenNydusd(record);
  if (!process) return Failure(process.error());
  if (!*process) return Failure(Death(record));
  Result<NydusdInformation> information =
      NydusdClient(record.api_socket)
          .WaitUntilRunning(std::min(deadline, After(kNydusdReadyTime)), (*process)->get());
  if (!information) return Failure(DeathOr(record, std::move(information.error())));
  const std::string hint = HintForNewNydusd(record);
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

Result<> CheckMountsLeft(const SandboxRecord& record) {
  if (record.mounts_made < kMaxMountsOfNydusd) return {};
  return Fail(ErrorKind::kMount,
              StrCat("the nydusd of sandbox ", record.id, " has made ", record.mounts_made,
                     " mounts, all that it can tell apart"),
              "a new sandbox has a new nydusd");
}

bool WasNotMade(const SandboxRecord& record, const std::string& mount_point, Deadline deadline) {
  const Result<NydusdInformation> after = NydusdClient(record.api_socket).Information(deadline);
  return after && after->FindMount(mount_point) == nullptr;
}

Error DeathOr(const SandboxRecord& record, Error error) {
  return HasDied(record, error) ? Death(record) : std::move(error);
}

Result<> StopServing(const SandboxRecord& record, const std::string& mount_point,
                     Deadline deadline) {
  const Result<std::optional<UniqueFd>> process = OpenNydusd(record);
  if (!process) return Failure(process.error());
  if (!*process) return {};
  const NydusdClient nydusd(record.api_socket);
  const Result<NydusdInformation> runs =
      nydusd.WaitUntilRunning(std::min(deadline, After(kNydusdReadyTime)), (*process)->get());
  const Result<bool> unmounted =
      runs ? nydusd.Umount(mount_point, *runs, deadline) : Failure(runs.error());
  if (unmounted || HasDied(record, unmounted.error())) return {};
  return Failure(unmounted.error());
}

Result<> StopOwnNydusd(const SandboxRecord& record) {
  if (!record.own_nydusd || !record.nydusd) return {};
  return StopNydusd(*record.nydusd, record.vhost_socket, record.api_socket);
}

Result<> ReleaseForeignNydusd(const KataDirectories& directories, const SandboxRecord& record,
                              Deadline deadline) {
  if (record.own_nydusd) return {};
  const Result<bool> lives = NydusdLives(record);
  if (!lives) return Failure(lives.error());
  if (*lives) {
    const Result<> ended = StopServingShare(directories, record, deadline);
    if (!ended && !HasDied(record, ended.error())) return ended;
  }
  return DropUnservedClaim(directories, record.id, deadline);
}

}  // namespace nydus
