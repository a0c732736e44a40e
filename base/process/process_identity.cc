// SPDX-License-Identifier: Apache-2.0
#include "base/process/process_identity.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"

namespace nydus {

namespace {

// More than /proc/PID/stat or the boot ID ever has, in bytes.
constexpr std::size_t kMaxProcFileBytes = 4096;

// include/uapi/linux/wait.h; glibc's header has it as an enumerator, musl's not at all.
constexpr auto kWaitByPidfd = static_cast<idtype_t>(3);

Result<std::string> ReadProcFile(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // A process that is gone has no directory in /proc.
  if (!file.ok()) {
    return FailErrno(ErrorKind::kSystem, errno == ENOENT ? ESRCH : errno, StrCat("open ", path));
  }
  return ReadAll(file.get(), kMaxProcFileBytes);
}

// Field 22. The second one, the program's name, may hold blanks and parentheses.
std::optional<std::uint64_t> StartTimeOf(std::string_view stat) {
  constexpr int kFieldsBehindName = 22 - 2;
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = stat.substr(name_end + 1);
  for (int field = 0; field < kFieldsBehindName; ++field) {
    const std::size_t blank = rest.find(' ', field == 0 ? 0 : 1);
    if (blank == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(blank);
  }
  rest.remove_prefix(1);
  std::uint64_t ticks = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
  if (parsed.ec != std::errc()) return std::nullopt;
  return ticks;
}

Result<std::string> BootId() {
  Result<std::string> text = ReadProcFile("/proc/sys/kernel/random/boot_id");
  if (!text) return text;
  return text->substr(0, text->find('\n'));
}

Result<bool> HasEnded(int pidfd) {
  return WaitForEnd(pidfd, std::chrono::steady_clock::now());
}

Result<> SendSignal(int pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0 || errno == ESRCH) return {};
  return FailErrno(ErrorKind::kSystem, errno, "pidfd_send_signal");
}

}  // namespace

Result<ProcessIdentity> IdentifyProcess(pid_t pid) {
  const std::string path = StrCat("/proc/", pid, "/stat");
  const Result<std::string> stat = ReadProcFile(path);
  if (!stat) return Failure(stat.error());
  const std::optional<std::uint64_t> start_time = StartTimeOf(*stat);
  if (!start_time) return Fail(ErrorKind::kSystem, StrCat(path, ": no start time is in it"));
  Result<std::string> boot_id = BootId();
  if (!boot_id) return Failure(std::move(boot_id.error()));
  return ProcessIdentity{.pid = pid, .start_time = *start_time, .boot_id = std::move(*boot_id)};
}

Result<std::optional<UniqueFd>> OpenProcess(const ProcessIdentity& process) {
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd.ok()) {
    if (errno == ESRCH) return std::nullopt;
    return FailErrno(ErrorKind::kSystem, errno, StrCat("pidfd_open ", process.pid));
  }
  const Result<ProcessIdentity> found = IdentifyProcess(process.pid);
  if (!found && found.error().errno_value == ESRCH) return std::nullopt;
  if (!found) return Failure(found.error());
  // Only now: as long as the process of the pidfd lives, its ID is nobody else's, so that what was
  // read was read of it.
  const Result<bool> ended = HasEnded(pidfd.get());
  if (!ended) return Failure(ended.error());
  if (*ended || *found != process) return std::nullopt;
  return pidfd;
}

Result<bool> WaitForEnd(int pidfd, Deadline deadline) {
  while (true) {
    pollfd waited = {.fd = pidfd, .events = POLLIN, .revents = 0};
    const auto left = std::min<std::chrono::milliseconds::rep>(TimeLeft(deadline).count(), INT_MAX);
    const int ready = poll(&waited, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) {
      return FailErrno(ErrorKind::kSystem, errno, "poll of a process");
    }
    if (std::chrono::steady_clock::now() >= deadline) return false;
  }
}

Result<> Terminate(int pidfd, std::chrono::milliseconds grace) {
  if (Result<> sent = SendSignal(pidfd, SIGTERM); !sent) return sent;
  const Result<bool> ended = WaitForEnd(pidfd, After(grace));
  if (!ended) return Failure(ended.error());
  if (*ended) return {};
  if (Result<> sent = SendSignal(pidfd, SIGKILL); !sent) return sent;
  // Longer than a process needs, even one that frees much memory; one that hangs in the kernel for
  // longer must not take us along.
  constexpr std::chrono::seconds kKillTime{30};
  const Result<bool> killed = WaitForEnd(pidfd, After(kKillTime));
  if (!killed) return Failure(killed.error());
  if (!*killed) return Fail(ErrorKind::kSystem, "a process does not end, not even by SIGKILL");
  return {};
}

Result<std::string> ReapChild(int pidfd) {
  siginfo_t end = {};
  while (waitid(kWaitByPidfd, static_cast<id_t>(pidfd), &end, WEXITED) != 0) {
    if (errno != EINTR) return FailErrno(ErrorKind::kSystem, errno, "waitid");
  }
  if (end.si_code == CLD_EXITED) return StrCat("exit status ", end.si_status);
  return StrCat("signal ", end.si_status, " (", strsignal(end.si_status), ")");
}

}  // namespace nydus
