// SPDX-License-Identifier: Apache-2.0
#include "base/process/held_child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include "base/mount_api/mount_api.h"
#include "base/process/release_channel.h"
#include "base/text.h"

namespace nydus {

namespace {

// The pipes' ends in the child, behind the three standard descriptors.
constexpr int kGoFd = 3;
constexpr int kFailureFd = 4;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> MakePipe() {
  int ends[2] = {};
  if (pipe2(ends, O_CLOEXEC) != 0) return FailErrno(ErrorKind::kSystem, errno, "pipe");
  return Pipe{.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
}

// What the child needs, made before the fork: afterwards nothing may be allocated.
struct Execution {
  const char* path = nullptr;
  std::vector<char*> argv;
  std::vector<char*> environment;
  int output_fd = -1;
  int go_fd = -1;
  int failure_fd = -1;
  bool dies_with_parent = false;
};

std::vector<char*> PointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  // execve(2) takes pointers to char and does not write through them.
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Execution Prepare(const ChildProgram& program, int go, int failure) {
  Execution execution{.path = program.path.c_str(),
                      .argv = PointersTo(program.arguments),
                      .environment = PointersTo(program.environment),
                      .output_fd = program.output_fd,
                      .go_fd = go,
                      .failure_fd = failure,
                      .dies_with_parent = program.dies_with_parent};
  execution.argv.insert(execution.argv.begin(), const_cast<char*>(program.path.c_str()));
  return execution;
}

// From here to RunChild(): in the child, so only functions that are safe after fork(2) of a process
// with threads, and errno as the result. COMPAT(linux < 5.9): CloseDescriptors() allocates there.

int ResetSignals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  // Fails for SIGKILL, SIGSTOP and those that libc keeps to itself.
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, nullptr) == 0 ? 0 : errno;
}

// To lower it takes a privilege, without which it stays.
void ResetOomScoreAdjustment() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  static_cast<void>(!write(file, "0", 1));
  close(file);
}

// Puts the child's descriptors on the numbers from 0 on, and closes all others. They are first
// moved out of the way of one another.
int ArrangeDescriptors(const Execution& execution) {
  constexpr int kCount = kFailureFd + 1;
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int output =
      execution.output_fd < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : execution.output_fd;
  if (input < 0 || output < 0) return errno;
  int fds[kCount] = {input, output, output, execution.go_fd, execution.failure_fd};
  for (int& fd : fds) {
    fd = fcntl(fd, F_DUPFD_CLOEXEC, kCount);
    if (fd < 0) return errno;
  }
  for (int i = 0; i < kCount; ++i) {
    if (dup2(fds[i], i) < 0) return errno;
  }
  CloseDescriptors(kCount, UINT_MAX);
  return 0;
}

int SetUpChild(const Execution& execution) {
  if (setsid() < 0 || chdir("/") != 0) return errno;
  umask(S_IRWXG | S_IRWXO);
  if (const int failed = ResetSignals(); failed != 0) return failed;
  ResetOomScoreAdjustment();
  if (execution.dies_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  return ArrangeDescriptors(execution);
}

[[noreturn]] void RunChild(const Execution& execution) {
  int failure = execution.failure_fd;
  int error = SetUpChild(execution);
  if (error == 0) {
    failure = kFailureFd;
    if (!WaitForRelease(kGoFd)) _exit(0);
    // Of the two only this one must be gone in the program; the other one tells of it.
    close(kGoFd);
    if (fcntl(failure, F_SETFD, FD_CLOEXEC) == 0) {
      execve(execution.path, execution.argv.data(), execution.environment.data());
    }
    error = errno;
  }
  static_cast<void>(!write(failure, &error, sizeof error));
  _exit(127);
}

}  // namespace

Result<HeldChild> HeldChild::Fork(const ChildProgram& program) {
  Result<ReleaseChannel> go = MakeReleaseChannel();
  if (!go) return Failure(std::move(go.error()));
  Result<Pipe> failure = MakePipe();
  if (!failure) return Failure(std::move(failure.error()));
  const Execution execution = Prepare(program, go->waiting.get(), failure->write_end.get());

  const pid_t pid = fork();
  if (pid < 0) return FailErrno(ErrorKind::kSystem, errno, "fork");
  if (pid == 0) {
    // Else our own end would keep it waiting when the parent is gone.
    go->releasing.reset();
    RunChild(execution);
  }

  HeldChild child;
  child.identity_.pid = pid;
  child.go_ = std::move(go->releasing);
  child.failure_ = std::move(failure->read_end);
  child.pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!child.pidfd_.ok()) return FailErrno(ErrorKind::kSystem, errno, "pidfd_open");
  Result<ProcessIdentity> identity = IdentifyProcess(pid);
  if (!identity) return Failure(std::move(identity.error()));
  child.identity_ = std::move(*identity);
  return child;
}

HeldChild::~HeldChild() {
  if (!go_.ok()) return;
  go_.reset();
  while (waitpid(identity_.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<UniqueFd> HeldChild::Proceed() {
  Release(go_.get());
  go_.reset();
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(failure_.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  UniqueFd pidfd = std::move(pidfd_);
  if (got == 0) return pidfd;
  static_cast<void>(ReapChild(pidfd.get()));
  return FailErrno(ErrorKind::kSystem, error, "cannot execute the program");
}

}  // namespace nydus
