// SPDX-License-Identifier: Apache-2.0
#include "base/process/process_guard.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>

#include "base/process/held_child.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

using std::chrono::milliseconds;

// A process that does not end of itself, and not by SIGTERM.
class Stubborn {
 public:
  Stubborn() : child_(*HeldChild::Fork({.path = "/bin/sh", .arguments = {"-c", kScript}})) {
    pidfd_ = *child_.Proceed();
  }
  Stubborn(const Stubborn&) = delete;
  Stubborn& operator=(const Stubborn&) = delete;
  ~Stubborn() {
    static_cast<void>(Terminate(pidfd_.get(), milliseconds(0)));
    static_cast<void>(ReapChild(pidfd_.get()));
  }

  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] bool EndsWithin(milliseconds time) const {
    return *WaitForEnd(pidfd_.get(), After(time));
  }

 private:
  static constexpr char kScript[] = "trap '' TERM; while :; do sleep 1; done";

  HeldChild child_;
  UniqueFd pidfd_;
};

TEST(ProcessGuard, LeavesAReleasedProcessAndItsFiles) {
  const TempDir directory;
  const std::string file = directory.Write("file", "");
  const Stubborn process;
  {
    const Result<ProcessGuard> guard = ProcessGuard::Start(process.pidfd(), {file});
    ASSERT_THAT(guard, IsOk());
  }
  EXPECT_FALSE(process.EndsWithin(milliseconds(50)));
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(ProcessGuard, IsGoneOnceReleased) {
  const Stubborn process;
  Result<ProcessGuard> guard = ProcessGuard::Start(process.pidfd(), {});
  guard->Release();
  static_cast<void>(Terminate(process.pidfd(), milliseconds(0)));
  static_cast<void>(ReapChild(process.pidfd()));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ProcessGuard, EndsTheProcessOfAKilledAttemptAndRemovesItsFiles) {
  const TempDir directory;
  const std::string file = directory.Write("file", "");
  const Stubborn process;
  const pid_t attempt = fork();
  if (attempt == 0) {
    const Result<ProcessGuard> guard = ProcessGuard::Start(process.pidfd(), {file});
    kill(getpid(), SIGKILL);
  }
  waitpid(attempt, nullptr, 0);
  ASSERT_TRUE(process.EndsWithin(milliseconds(10'000)));
  for (int tries = 0; tries < 1000 && std::filesystem::exists(file); ++tries) usleep(10'000);
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace nydus
