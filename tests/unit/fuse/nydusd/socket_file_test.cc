// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/socket_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>

#include "base/unique_fd.h"
#include "fuse/nydusd/socket_diagnosis.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/fuse/nydusd/listening_socket.h"

namespace nydus {
namespace {

using testing::Contains;
using testing::Not;

bool HasConnection(int listener) {
  pollfd waiting = {.fd = listener, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, 0) == 1;
}

// A process that listens on a path from its construction on.
class AnotherListener {
 public:
  explicit AnotherListener(const std::string& path) {
    int to_it[2] = {};
    int from_it[2] = {};
    EXPECT_EQ(pipe2(to_it, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(from_it, O_CLOEXEC), 0);
    pid_ = fork();
    char byte = 0;
    if (pid_ == 0) {
      const UniqueFd listener = ListenOn(path);
      if (write(from_it[1], &byte, 1) != 1 || read(to_it[0], &byte, 1) != 1) _exit(kFailed);
      _exit(HasConnection(listener.get()) ? kKnockedAt : 0);
    }
    waiting_ = UniqueFd(to_it[0]);
    ending_ = UniqueFd(to_it[1]);
    const UniqueFd reading(from_it[0]);
    const UniqueFd writing(from_it[1]);
    EXPECT_EQ(read(reading.get(), &byte, 1), 1);
  }

  bool EndAndTellWhetherKnockedAt() {
    const char byte = 0;
    EXPECT_EQ(write(ending_.get(), &byte, 1), 1);
    int status = -1;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != kFailed) << status;
    return WEXITSTATUS(status) == kKnockedAt;
  }

 private:
  static constexpr int kKnockedAt = 1;
  static constexpr int kFailed = 2;

  pid_t pid_ = -1;
  UniqueFd waiting_;
  UniqueFd ending_;
};

class SocketFile : public testing::Test {
 protected:
  [[nodiscard]] bool Exists() const { return std::filesystem::exists(path_); }

  TempDir directory_;
  std::string path_ = directory_.PathOf("a socket");
};

TEST_F(SocketFile, IsAbsent) {
  EXPECT_EQ(*LookAtSocket(path_), SocketState::kAbsent);
  EXPECT_THAT(ClearSocket(path_), IsOk());
}

TEST_F(SocketFile, IsLiveWhileSomebodyListens) {
  const UniqueFd listener = ListenOn(path_);
  EXPECT_EQ(*LookAtSocket(path_), SocketState::kLive);
}

TEST_F(SocketFile, IsLookedAtWithoutAnybodyNoticing) {
  const UniqueFd listener = ListenOn(path_);
  static_cast<void>(LookAtSocket(path_));
  EXPECT_FALSE(HasConnection(listener.get()));
  KnockIfItListens(getpid(), path_);
  EXPECT_TRUE(HasConnection(listener.get()));
}

TEST_F(SocketFile, IsStaleOnceNobodyListens) {
  ListenOn(path_).reset();
  EXPECT_EQ(*LookAtSocket(path_), SocketState::kStale);
}

TEST_F(SocketFile, ThatIsStaleIsRemoved) {
  ListenOn(path_).reset();
  EXPECT_THAT(ClearSocket(path_), IsOk());
  EXPECT_FALSE(Exists());
}

TEST_F(SocketFile, ThatIsLiveStays) {
  const UniqueFd listener = ListenOn(path_);
  EXPECT_THAT(ClearSocket(path_), HasError(ErrorKind::kSystem, "' is in use"));
  EXPECT_THAT(RemoveStaleSocket(path_), IsOk());
  EXPECT_TRUE(Exists());
}

TEST_F(SocketFile, OfAnotherKindStaysAndIsAnError) {
  ASSERT_EQ(directory_.Write("a socket", "precious"), path_);
  EXPECT_THAT(ClearSocket(path_), HasError(ErrorKind::kSystem, "is there and is no socket"));
  EXPECT_THAT(RemoveStaleSocket(path_), HasError(ErrorKind::kSystem, "is there and is no socket"));
  EXPECT_TRUE(Exists());
}

TEST_F(SocketFile, IsNotFollowedIfItIsALink) {
  const std::string target = directory_.PathOf("target");
  ListenOn(target).reset();
  std::filesystem::create_symlink(target, path_);
  EXPECT_THAT(ClearSocket(path_), HasError(ErrorKind::kSystem, "is no socket"));
  EXPECT_TRUE(std::filesystem::exists(target));
}

TEST_F(SocketFile, IsListedForTheProcessThatListens) {
  const UniqueFd listener = ListenOn(path_);
  EXPECT_THAT(*ListeningSockets(getpid()), Contains(path_));
}

TEST_F(SocketFile, IsNotListedForAProcessThatHasClosedIt) {
  UniqueFd listener = ListenOn(path_);
  int ends[2] = {};
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t other = fork();
  if (other == 0) {
    // Keeps the socket alive, which its maker has closed.
    close(ends[1]);
    char byte = 0;
    _exit(static_cast<int>(read(ends[0], &byte, 1)));
  }
  listener.reset();
  EXPECT_EQ(*LookAtSocket(path_), SocketState::kLive);
  EXPECT_THAT(*ListeningSockets(getpid()), Not(Contains(path_)));
  EXPECT_THAT(*ListeningSockets(other), Contains(path_));
  close(ends[1]);
  EXPECT_EQ(waitpid(other, nullptr, 0), other);
}

TEST_F(SocketFile, OfAnotherProcessIsNotKnockedAt) {
  const UniqueFd listener = ListenOn(path_);
  KnockIfItListens(getppid(), path_);
  KnockIfItListens(getpid(), directory_.PathOf("none"));
  EXPECT_FALSE(HasConnection(listener.get()));
}

// As a socket of the same path in another mount namespace.
TEST_F(SocketFile, WhosePathAnotherSocketHasTooIsKnockedAt) {
  AnotherListener other(path_);
  std::filesystem::remove(path_);
  const UniqueFd listener = ListenOn(path_);
  KnockIfItListens(getpid(), path_);
  EXPECT_TRUE(HasConnection(listener.get()));
  EXPECT_FALSE(other.EndAndTellWhetherKnockedAt());
}

TEST_F(SocketFile, IsToldByTheKernelFromTheSocket) {
  const UniqueFd listener = ListenOn(path_);
  struct stat socket = {};
  struct stat file = {};
  ASSERT_EQ(fstat(listener.get(), &socket), 0);
  ASSERT_EQ(lstat(path_.c_str(), &file), 0);
  const auto found = FileOfSocket(socket.st_ino);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->inode, file.st_ino);
  EXPECT_EQ(found->device, file.st_dev);
}

TEST_F(SocketFile, OfASocketThatIsNotThereIsAnError) {
  EXPECT_THAT(FileOfSocket(1), HasError(ErrorKind::kSystem, "no such socket"));
}

TEST_F(SocketFile, ThatTookAnothersPlaceIsNotKnockedAt) {
  const UniqueFd former = ListenOn(path_);
  std::filesystem::remove(path_);
  AnotherListener other(path_);
  KnockIfItListens(getpid(), path_);
  EXPECT_FALSE(HasConnection(former.get()));
  EXPECT_FALSE(other.EndAndTellWhetherKnockedAt());
}

}  // namespace
}  // namespace nydus
