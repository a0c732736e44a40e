// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "base/state/state_directory.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

using testing::Optional;

constexpr std::chrono::seconds kLong(60);

class StateConcurrency : public testing::Test {
 protected:
  [[nodiscard]] Result<LockedState> Lock() const {
    const Result<StateRoot> root = StateRoot::Open(scratch_.PathOf("state"));
    if (!root) return Failure(root.error());
    return root->Lock("one", After(kLong));
  }

  // Runs `action` in as many threads at once.
  static void InParallel(int count, const std::function<void()>& action) {
    std::vector<std::jthread> threads;
    threads.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) threads.emplace_back(action);
  }

  TempDir scratch_;
};

TEST_F(StateConcurrency, FiftyWritersLoseNothing) {
  InParallel(50, [&] {
    const Result<LockedState> state = Lock();
    ASSERT_THAT(state, IsOk());
    const Result<std::optional<std::string>> lines = state->Read("lines");
    ASSERT_THAT(lines, IsOk());
    ASSERT_THAT(state->Write("lines", lines->value_or("") + "line\n"), IsOk());
  });
  const std::string lines = Lock()->Read("lines")->value_or("");
  EXPECT_EQ(std::ranges::count(lines, '\n'), 50);
}

// Each removes what it has locked. Whoever waited for it must not end up in a directory that is
// gone, or find another's file.
TEST_F(StateConcurrency, WaiterGetsAFreshDirectoryAfterRemoval) {
  InParallel(8, [&] {
    for (int i = 0; i < 50; ++i) {
      Result<LockedState> state = Lock();
      ASSERT_THAT(state, IsOk());
      EXPECT_EQ(*state->Read("file"), std::nullopt);
      struct stat held = {};
      struct stat named = {};
      ASSERT_EQ(fstat(state->directory(), &held), 0);
      ASSERT_EQ(stat(state->path().c_str(), &named), 0);
      EXPECT_EQ(held.st_ino, named.st_ino);
      ASSERT_THAT(state->Write("file", "mine"), IsOk());
      ASSERT_THAT(std::move(*state).RemoveAll(), IsOk());
    }
  });
  EXPECT_FALSE(std::filesystem::exists(scratch_.PathOf("state/one")));
}

// Waits until the child has ended, and frees the lock with it.
void Kill(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_F(StateConcurrency, KilledWriterLeavesOneOfItsTexts) {
  const std::string a(100'000, 'a');
  const std::string b(100'000, 'b');
  ASSERT_THAT(Lock()->Write("file", a), IsOk());
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const Result<LockedState> state = Lock();
      while (state && state->Write("file", b) && state->Write("file", a)) continue;
      _exit(1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + 313 * i));
    Kill(child);
    const Result<LockedState> state = Lock();
    ASSERT_THAT(state, IsOk());
    EXPECT_THAT(*state->Read("file"), Optional(testing::AnyOf(a, b)));
    EXPECT_FALSE(std::filesystem::exists(scratch_.PathOf("state/one/.unfinished")));
  }
}

}  // namespace
}  // namespace nydus
