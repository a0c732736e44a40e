// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/bounded.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/file_writing.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace nydus {

namespace {

using Clock = std::chrono::steady_clock;

// How long a killed child may take to go before it is left to init.
constexpr std::chrono::milliseconds kGrace(500);

[[noreturn]] void BeChild(int answer_fd, const std::function<std::string()>& action) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  _exit(WriteAll(answer_fd, action()) == 0 ? 0 : 1);
}

Failure Late() {
  return FailErrno(ErrorKind::kSystem, ETIMEDOUT, "no answer");
}

Result<std::string> ReadUntil(int fd, Clock::time_point deadline) {
  std::string text;
  char chunk[4096];
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return Late();
    pollfd readable = {.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&readable, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return FailErrno(ErrorKind::kSystem, errno, "poll");
    if (ready == 0) return Late();
    const ssize_t got = read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailErrno(ErrorKind::kSystem, errno, "read");
    if (got == 0) return text;
    if (text.size() + static_cast<std::size_t>(got) > kMaxBoundedAnswer) {
      return Fail(ErrorKind::kSystem, StrCat("an answer over ", kMaxBoundedAnswer, " bytes"));
    }
    text.append(chunk, static_cast<std::size_t>(got));
  }
}

// True with the child's exit status; false if it does not go.
bool Reap(pid_t child, int& status) {
  constexpr useconds_t kPause = 1'000;
  for (const auto deadline = Clock::now() + kGrace; Clock::now() < deadline; usleep(kPause)) {
    const pid_t reaped = waitpid(child, &status, WNOHANG);
    if (reaped == child || (reaped < 0 && errno != EINTR)) return reaped == child;
  }
  return false;
}

}  // namespace

Result<std::string> RunBounded(std::chrono::milliseconds limit,
                               const std::function<std::string()>& action) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return FailErrno(ErrorKind::kSystem, errno, "pipe");
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const Clock::time_point deadline = Clock::now() + limit;
  const pid_t child = fork();
  if (child < 0) return FailErrno(ErrorKind::kSystem, errno, "fork");
  if (child == 0) BeChild(writer.get(), action);
  writer.reset();
  Result<std::string> answer = ReadUntil(reader.get(), deadline);
  if (!answer) kill(child, SIGKILL);
  int status = 0;
  const bool reaped = Reap(child, status);
  const bool is_done = reaped && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (answer && !is_done) {
    return Fail(ErrorKind::kInternal, "the child that looked died");
  }
  return answer;
}

}  // namespace nydus
