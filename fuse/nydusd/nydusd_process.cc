// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/nydusd_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_reading.h"
#include "base/interruption.h"
#include "base/process/held_child.h"
#include "base/process/own_cgroup.h"
#include "base/process/process_guard.h"
#include "base/scope_exit.h"
#include "base/text.h"
#include "fuse/nydusd/log_tail.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_client.h"
#include "fuse/nydusd/socket_file.h"
#include "fuse/nydusd/socket_lock.h"

namespace nydus {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPollInterval{5};

constexpr std::size_t kShownLogLines = 3;

Result<> ClearSockets(const NydusdSettings& settings) {
  if (Result<> cleared = ClearSocket(settings.vhost_socket); !cleared) return cleared;
  return ClearSocket(settings.api_socket);
}

Result<> RemoveStaleSockets(const std::string& vhost_socket, const std::string& api_socket) {
  Result<> removed;
  for (const std::string& socket : {vhost_socket, api_socket}) {
    if (socket.empty()) continue;
    if (Result<> one = RemoveStaleSocket(socket); !one && removed) removed = std::move(one);
  }
  return removed;
}

// nydusd opens its log itself. Standard error is not the same file: nydusd 2.2.0 hangs for good
// when it cannot write there, which is where it complains of a log on a full disk.
Result<NydusdOutput> MakeOutput(const std::string& log_file) {
  constexpr mode_t kMode = 0600;
  // A pipe is opened without waiting for its reader.
  constexpr int kFlags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const UniqueFd log(open(log_file.c_str(), kFlags, kMode));
  struct stat status = {};
  if (!log.ok() || fstat(log.get(), &status) != 0) {
    return FailErrno(ErrorKind::kSystem, errno, StrCat("log file ", Quote(log_file)));
  }
  if (!S_ISREG(status.st_mode)) {
    return Fail(ErrorKind::kUsage, StrCat("log file ", Quote(log_file), " is no regular file"));
  }
  UniqueFd standard_error(memfd_create("nydusd's standard error", MFD_CLOEXEC));
  if (!standard_error.ok()) return FailErrno(ErrorKind::kSystem, errno, "memfd_create");
  return NydusdOutput{.log_file = log_file,
                      .log_offset = static_cast<std::uint64_t>(status.st_size),
                      .standard_error = std::move(standard_error)};
}

// Ours, but for what narrows nydusd's log.
std::vector<std::string> EnvironmentForNydusd() {
  std::vector<std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("RUST_LOG=")) environment.emplace_back(*entry);
  }
  return environment;
}

ChildProgram ProgramOf(const NydusdSettings& settings, int output_fd, bool dies_with_us) {
  return {.path = settings.program,
          .arguments = NydusdArguments(settings),
          .environment = EnvironmentForNydusd(),
          .output_fd = output_fd,
          .dies_with_parent = dies_with_us};
}

Result<ProcessGuard> GuardStart(const ProcessIdentity& process, const NydusdSettings& settings) {
  const Result<std::optional<UniqueFd>> pidfd = OpenProcess(process);
  if (!pidfd) return Failure(pidfd.error());
  if (!*pidfd) return Fail(ErrorKind::kSystem, "nydusd's process ended before it ran");
  return ProcessGuard::Start((*pidfd)->get(), {settings.vhost_socket, settings.api_socket});
}

// A daemon that lives and never answers costs the whole deadline; one that dies does not.
Result<> WaitUntilRunning(const NydusdClient& client, int pidfd, const std::string& api_socket,
                          Deadline deadline) {
  std::error_code error;
  while (!std::filesystem::exists(api_socket, error)) {
    const Result<bool> ended = WaitForEnd(pidfd, std::min(After(kPollInterval), deadline));
    if (!ended) return Failure(ended.error());
    if (*ended) return Fail(ErrorKind::kSystem, "has ended");
    if (Result<> going_on = CheckNotInterrupted(); !going_on) return going_on;
    if (TimeLeft(deadline) == milliseconds(0)) {
      return Fail(ErrorKind::kSystem, "does not make its API socket in time");
    }
  }
  const Result<NydusdInformation> information = client.WaitUntilRunning(deadline, pidfd);
  return information ? Result<>() : Failure(information.error());
}

Result<> MakeServe(const NydusdSettings& settings, int pidfd, Deadline deadline) {
  const NydusdClient client(settings.api_socket);
  const Deadline ready_by = std::min(deadline, After(kNydusdReadyTime));
  if (Result<> ready = WaitUntilRunning(client, pidfd, settings.api_socket, ready_by); !ready) {
    return ready;
  }
  return client.Mount({.mount_point = std::string(kPassthroughMountPoint),
                       .type = "passthrough_fs",
                       .source = settings.share_directory,
                       .config = ""},
                      deadline);
}

Result<> EndNydusd(pid_t pid, int pidfd, const std::string& vhost_socket) {
  // While it waits for a VMM, it does not end on SIGTERM; so it gets one, which leaves at once.
  // Once it had one, another nydusd may wait there, for the only one that it will ever take.
  if (!vhost_socket.empty()) KnockIfItListens(pid, vhost_socket);
  return Terminate(pidfd, kNydusdGrace);
}

std::string SaidAtLast(const NydusdOutput& output) {
  std::string text;
  for (const std::string& line : LastWords(output, kShownLogLines)) text += StrCat("; ", line);
  return text;
}

// Takes away a daemon that does not serve, and says why it does not.
Error GiveUp(Error error, pid_t pid, int pidfd, const NydusdSettings& settings,
             const NydusdOutput& output) {
  const Result<bool> ended_of_itself = WaitForEnd(pidfd, std::chrono::steady_clock::now());
  if (Result<> ended = EndNydusd(pid, pidfd, settings.vhost_socket); !ended) {
    return Wrap(std::move(ended.error()), "nydusd, whose start failed, cannot be ended");
  }
  const Result<std::string> how = ReapChild(pidfd);
  static_cast<void>(RemoveStaleSockets(settings.vhost_socket, settings.api_socket));
  if (ended_of_itself && *ended_of_itself && how) {
    error = {.kind = ErrorKind::kSystem, .message = StrCat("ended at its start: ", *how)};
  }
  error = Wrap(std::move(error), StrCat("nydusd ", Quote(settings.program)));
  error.message += SaidAtLast(output);
  if (error.hint.empty()) error.hint = StrCat("log: ", Quote(output.log_file));
  return error;
}

// What it was started with.
Result<std::vector<std::string>> ArgumentsOf(pid_t pid) {
  // The kernel's usual limit for arguments and environment is as large (execve(2)).
  constexpr std::size_t kMaxArgumentBytes = std::size_t{2} * 1024 * 1024;
  const std::string path = StrCat("/proc/", pid, "/cmdline");
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return FailErrno(ErrorKind::kSystem, errno, path);
  const Result<std::string> text = ReadAll(file.get(), kMaxArgumentBytes);
  if (!text) return Failure(Wrap(text.error(), path));
  std::vector<std::string> arguments;
  std::string_view rest = *text;
  while (!rest.empty()) {
    arguments.emplace_back(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(arguments.back().size() + 1, rest.size()));
  }
  return arguments;
}

Result<> CheckIsNydusd(pid_t pid, const std::string& api_socket) {
  const Result<std::vector<std::string>> arguments = ArgumentsOf(pid);
  if (!arguments) return Failure(arguments.error());
  const std::string_view served = ApiSocketIn(*arguments);
  if (!served.empty() && IsSameSocket(PathAsSeenBy(pid, served), api_socket)) return {};
  return Fail(ErrorKind::kUsage,
              StrCat("process ", pid, ", which listens on ", Quote(api_socket),
                     ", is no nydusd: its command line names no such --apisock"),
              "nothing was touched; give the API socket of a nydusd");
}

}  // namespace

Result<StartedNydusd> StartNydusd(const NydusdSettings& settings, bool dies_with_us,
                                  const std::function<Result<>(const ProcessIdentity&)>& record,
                                  Deadline deadline) {
  if (Result<> valid = ValidateNydusd(settings); !valid) return Failure(std::move(valid.error()));
  const Result<SocketLocks> locks =
      LockDirectoriesOf({settings.vhost_socket, settings.api_socket}, deadline);
  if (!locks) return Failure(locks.error());
  if (Result<> cleared = ClearSockets(settings); !cleared) {
    return Failure(std::move(cleared.error()));
  }
  Result<NydusdOutput> output = MakeOutput(settings.log_file);
  if (!output) return Failure(std::move(output.error()));

  Result<HeldChild> child =
      HeldChild::Fork(ProgramOf(settings, output->standard_error.get(), dies_with_us));
  if (!child) return Failure(std::move(child.error()));
  if (Result<> recorded = record(child->identity()); !recorded) {
    return Failure(std::move(recorded.error()));
  }
  Result<ProcessGuard> guard = GuardStart(child->identity(), settings);
  if (!guard) return Failure(std::move(guard.error()));
  const pid_t pid = child->identity().pid;
  ScopeExit remove_cgroup([pid] { RemoveOwnCgroup(pid); });
  // One that dies with us stays with us, and with whoever supervises both.
  if (!dies_with_us) EnterOwnCgroup(pid);
  Result<UniqueFd> pidfd = child->Proceed();
  if (!pidfd) return Failure(Wrap(std::move(pidfd.error()), Quote(settings.program)));

  if (Result<> serves = MakeServe(settings, pidfd->get(), deadline); !serves) {
    return Failure(
        GiveUp(std::move(serves.error()), child->identity().pid, pidfd->get(), settings, *output));
  }
  guard->Release();
  remove_cgroup.Release();
  return StartedNydusd{
      .process = child->identity(), .pidfd = std::move(*pidfd), .output = std::move(*output)};
}

std::vector<std::string> LastWords(const NydusdOutput& output, std::size_t lines) {
  auto words = LastLogLines(output.log_file, lines, output.log_offset);
  const auto errors = LastLines(output.standard_error.get(), lines);
  words.insert(words.end(), errors.begin(), errors.end());
  words.erase(words.begin(),
              words.end() - static_cast<std::ptrdiff_t>(std::min(lines, words.size())));
  return words;
}

Result<> StopNydusd(const ProcessIdentity& process, const std::string& vhost_socket,
                    const std::string& api_socket) {
  const Result<std::optional<UniqueFd>> pidfd = OpenProcess(process);
  if (!pidfd) return Failure(pidfd.error());
  if (*pidfd) {
    if (Result<> ended = EndNydusd(process.pid, (*pidfd)->get(), vhost_socket); !ended) {
      return Failure(Wrap(std::move(ended.error()), StrCat("stop nydusd ", process.pid)));
    }
  }
  RemoveOwnCgroup(process.pid);
  // A start may hold them for all the time that it has.
  const Result<SocketLocks> locks =
      LockDirectoriesOf({vhost_socket, api_socket}, After(kNydusdReadyTime));
  if (!locks) return Failure(locks.error());
  return RemoveStaleSockets(vhost_socket, api_socket);
}

Result<FoundNydusd> FindNydusd(const std::string& api_socket, Deadline deadline) {
  const Result<pid_t> pid = NydusdClient(api_socket).Pid(deadline);
  if (!pid) return Failure(pid.error());
  // 0 stands for one in another process namespace.
  if (*pid <= 1) {
    return Fail(ErrorKind::kUsage,
                StrCat("process ", *pid, " listens on ", Quote(api_socket), ", and is no nydusd"),
                "nothing was touched; give the API socket of a nydusd");
  }
  Result<ProcessIdentity> process = IdentifyProcess(*pid);
  if (!process) return Failure(std::move(process.error()));
  // The kernel remembers who began to listen; the socket may have passed to another process since,
  // and the process ID too.
  const Result<std::vector<std::string>> sockets = ListeningSockets(*pid);
  if (!sockets) return Failure(sockets.error());
  FoundNydusd found = {.process = std::move(*process), .vhost_socket = ""};
  bool listens = false;
  for (const std::string& socket : *sockets) {
    if (IsSameSocket(socket, api_socket)) {
      listens = true;
    } else {
      found.vhost_socket = socket;
    }
  }
  if (!listens) {
    return Fail(ErrorKind::kSystem, StrCat("process ", *pid, ", which bound ", Quote(api_socket),
                                           ", does not listen there any more"));
  }
  if (Result<> is_one = CheckIsNydusd(*pid, api_socket); !is_one) {
    return Failure(std::move(is_one.error()));
  }
  return found;
}

}  // namespace nydus
