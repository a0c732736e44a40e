// SPDX-License-Identifier: Apache-2.0
#include "base/unique_fd.h"

#include <fcntl.h>

#include <type_traits>

#include <gtest/gtest.h>

namespace nydus {
namespace {

int OpenSomething() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool IsOpen(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

static_assert(!std::is_copy_constructible_v<UniqueFd>);
static_assert(!std::is_copy_assignable_v<UniqueFd>);
static_assert(!std::is_convertible_v<int, UniqueFd>);

TEST(UniqueFd, OwnsNothingAtFirst) {
  const UniqueFd fd;
  EXPECT_FALSE(fd.ok());
  EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, DescriptorZeroIsOne) {
  UniqueFd fd(0);
  EXPECT_TRUE(fd.ok());
  EXPECT_EQ(fd.release(), 0);
}

TEST(UniqueFd, ClosesAtTheEndOfTheScope) {
  const int number = OpenSomething();
  {
    const UniqueFd fd(number);
    EXPECT_TRUE(fd.ok());
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFd, MoveConstructionHandsOver) {
  UniqueFd from(OpenSomething());
  const int number = from.get();
  const UniqueFd to(std::move(from));
  // What is left behind is part of the contract.
  EXPECT_EQ(from.get(), -1);  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(to.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFd, MoveAssignmentHandsOverAndClosesWhatWasThere) {
  UniqueFd from(OpenSomething());
  UniqueFd to(OpenSomething());
  const int kept = from.get();
  const int dropped = to.get();
  to = std::move(from);
  // What is left behind is part of the contract.
  EXPECT_EQ(from.get(), -1);  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(to.get(), kept);
  EXPECT_TRUE(IsOpen(kept));
  EXPECT_FALSE(IsOpen(dropped));
}

TEST(UniqueFd, MoveAssignmentToItselfKeepsIt) {
  UniqueFd fd(OpenSomething());
  const int number = fd.get();
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFd, ReleaseGivesItUp) {
  UniqueFd fd(OpenSomething());
  const int number = fd.release();
  EXPECT_FALSE(fd.ok());
  EXPECT_TRUE(IsOpen(number));
  close(number);
}

TEST(UniqueFd, ResetCloses) {
  UniqueFd fd(OpenSomething());
  const int number = fd.get();
  fd.reset();
  EXPECT_FALSE(fd.ok());
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFd, ResetTakesAnotherDescriptor) {
  UniqueFd fd(OpenSomething());
  const int old_number = fd.get();
  const int new_number = OpenSomething();
  fd.reset(new_number);
  EXPECT_EQ(fd.get(), new_number);
  EXPECT_FALSE(IsOpen(old_number));
  EXPECT_TRUE(IsOpen(new_number));
}

TEST(UniqueFd, ResetKeepsErrno) {
  // A number that is not open: close(2) fails and would leave EBADF behind.
  UniqueFd fd(1 << 20);
  errno = EEXIST;
  fd.reset();
  EXPECT_EQ(errno, EEXIST);
}

TEST(UniqueFd, DestructionKeepsErrno) {
  errno = EEXIST;
  {
    const UniqueFd fd(1 << 20);
  }
  EXPECT_EQ(errno, EEXIST);
}

}  // namespace
}  // namespace nydus
