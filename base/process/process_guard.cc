// SPDX-License-Identifier: Apache-2.0
#include "base/process/process_guard.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "base/process/process_identity.h"
#include "base/process/release_channel.h"

namespace nydus {

namespace {

[[noreturn]] void Guard(int waiting, int pidfd, const std::vector<std::string>& files) {
  // Signals to our group, such as that of Ctrl-C, end the attempt, and the guard has work then.
  setsid();
  // Whoever waits for the end of our output must not wait for the guard.
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(standard);
  if (!WaitForRelease(waiting)) {
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    pollfd ended = {.fd = pidfd, .events = POLLIN, .revents = 0};
    while (poll(&ended, 1, -1) < 0 && errno == EINTR) {
    }
    for (const std::string& file : files) unlink(file.c_str());
  }
  _exit(0);
}

}  // namespace

Result<ProcessGuard> ProcessGuard::Start(int pidfd, const std::vector<std::string>& files) {
  Result<ReleaseChannel> channel = MakeReleaseChannel();
  if (!channel) return Failure(std::move(channel.error()));

  const pid_t guard = fork();
  if (guard < 0) return FailErrno(ErrorKind::kSystem, errno, "fork");
  if (guard == 0) {
    channel->releasing.reset();
    Guard(channel->waiting.get(), pidfd, files);
  }
  // Our child cannot be gone from the process table: nobody else waits for it.
  UniqueFd guard_pidfd(static_cast<int>(syscall(SYS_pidfd_open, guard, 0)));
  if (!guard_pidfd.ok()) return FailErrno(ErrorKind::kSystem, errno, "pidfd_open");
  return ProcessGuard(std::move(guard_pidfd), std::move(channel->releasing));
}

void ProcessGuard::Release() {
  if (!release_.ok()) return;
  nydus::Release(release_.get());
  release_.reset();
  static_cast<void>(ReapChild(pidfd_.get()));
}

}  // namespace nydus
