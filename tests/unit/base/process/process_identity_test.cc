// SPDX-License-Identifier: Apache-2.0
#include "base/process/process_identity.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using std::chrono::milliseconds;

// A child of ours that does nothing until it gets a signal.
class IdleChild {
 public:
  explicit IdleChild(bool ignores_sigterm = false) {
    int ready[2] = {};
    EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
    const UniqueFd ready_read(ready[0]);
    UniqueFd ready_write(ready[1]);
    pid_ = fork();
    if (pid_ == 0) {
      if (ignores_sigterm) signal(SIGTERM, SIG_IGN);
      ready_write.reset();
      while (true) pause();
    }
    ready_write.reset();
    char byte = 0;
    EXPECT_EQ(read(ready_read.get(), &byte, 1), 0);
    pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  }
  IdleChild(const IdleChild&) = delete;
  IdleChild& operator=(const IdleChild&) = delete;
  ~IdleChild() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }

 private:
  pid_t pid_ = -1;
  UniqueFd pidfd_;
};

TEST(ProcessIdentity, IsTheSameWheneverItIsAsked) {
  const auto once = IdentifyProcess(getpid());
  const auto again = IdentifyProcess(getpid());
  ASSERT_THAT(once, IsOk());
  EXPECT_EQ(once->pid, getpid());
  EXPECT_GT(once->start_time, 0U);
  EXPECT_EQ(once->boot_id.size(), 36U);
  EXPECT_EQ(*once, *again);
}

TEST(ProcessIdentity, DiffersBetweenProcesses) {
  const IdleChild child;
  EXPECT_NE(*IdentifyProcess(getpid()), *IdentifyProcess(child.pid()));
}

TEST(ProcessIdentity, IsReadPastAnyProgramName) {
  char name[16] = {};
  prctl(PR_GET_NAME, name);
  const auto plain = IdentifyProcess(getpid());
  prctl(PR_SET_NAME, "a) R 1 2 (3 4");
  const auto odd = IdentifyProcess(getpid());
  prctl(PR_SET_NAME, name);
  EXPECT_EQ(*plain, *odd);
}

TEST(ProcessIdentity, OfNoProcessIsAnError) {
  pid_t ended = 0;
  {
    const IdleChild child;
    ended = child.pid();
  }
  const auto identity = IdentifyProcess(ended);
  ASSERT_THAT(identity, HasError(ErrorKind::kSystem, "/proc/"));
  EXPECT_EQ(identity.error().errno_value, ESRCH);
}

TEST(OpenProcess, FindsTheProcessAgain) {
  const IdleChild child;
  const auto opened = OpenProcess(*IdentifyProcess(child.pid()));
  ASSERT_THAT(opened, IsOk());
  ASSERT_TRUE(opened->has_value());
  EXPECT_NE(fcntl((*opened)->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(OpenProcess, FindsNothingUnderAReusedId) {
  const IdleChild child;
  ProcessIdentity former = *IdentifyProcess(child.pid());
  --former.start_time;
  const auto opened = OpenProcess(former);
  ASSERT_THAT(opened, IsOk());
  EXPECT_FALSE(opened->has_value());
}

TEST(OpenProcess, FindsNothingOfAnEarlierBoot) {
  const IdleChild child;
  ProcessIdentity former = *IdentifyProcess(child.pid());
  former.boot_id = "00000000-0000-0000-0000-000000000000";
  EXPECT_FALSE(OpenProcess(former)->has_value());
}

TEST(OpenProcess, FindsNothingOfAProcessThatHasEnded) {
  ProcessIdentity former;
  {
    const IdleChild child;
    former = *IdentifyProcess(child.pid());
  }
  const auto opened = OpenProcess(former);
  ASSERT_THAT(opened, IsOk());
  EXPECT_FALSE(opened->has_value());
}

TEST(OpenProcess, TakesAZombieForEnded) {
  const IdleChild child;
  const ProcessIdentity identity = *IdentifyProcess(child.pid());
  kill(child.pid(), SIGKILL);
  ASSERT_TRUE(*WaitForEnd(child.pidfd(), After(milliseconds(10'000))));
  EXPECT_FALSE(OpenProcess(identity)->has_value());
}

TEST(WaitForEnd, SaysAtTheDeadlineThatTheProcessRuns) {
  const IdleChild child;
  const auto ended = WaitForEnd(child.pidfd(), After(milliseconds(1)));
  ASSERT_THAT(ended, IsOk());
  EXPECT_FALSE(*ended);
}

TEST(Terminate, EndsAProcessBySigterm) {
  const IdleChild child;
  ASSERT_THAT(Terminate(child.pidfd(), milliseconds(10'000)), IsOk());
  EXPECT_EQ(*ReapChild(child.pidfd()), "signal 15 (Terminated)");
}

TEST(Terminate, KillsAProcessThatStays) {
  const IdleChild child(/*ignores_sigterm=*/true);
  ASSERT_THAT(Terminate(child.pidfd(), milliseconds(10)), IsOk());
  EXPECT_EQ(*ReapChild(child.pidfd()), "signal 9 (Killed)");
}

TEST(Terminate, OfAnEndedProcessIsNoError) {
  const IdleChild child;
  kill(child.pid(), SIGKILL);
  waitpid(child.pid(), nullptr, 0);
  EXPECT_THAT(Terminate(child.pidfd(), milliseconds(10'000)), IsOk());
}

TEST(ReapChild, OfAnothersChildIsAnError) {
  const UniqueFd own(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  EXPECT_THAT(ReapChild(own.get()), HasError(ErrorKind::kSystem, "waitid"));
}

}  // namespace
}  // namespace nydus
