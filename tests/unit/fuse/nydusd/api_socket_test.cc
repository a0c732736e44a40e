// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/api_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/fuse/nydusd/scripted_daemon.h"

namespace nydus {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPlenty{10'000};
constexpr milliseconds kLittle{50};

class ApiSocketTest : public testing::Test {
 protected:
  // mkdtemp(3) makes directories of mode 0700.
  TempDir directory_;
  std::string path_ = directory_.PathOf("api.sock");
};

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

UniqueFd BoundSocket(const std::string& path) {
  const sockaddr_un address = AddressOf(path);
  UniqueFd bound(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(bind(bound.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return bound;
}

TEST_F(ApiSocketTest, KnowsWhoListens) {
  const ScriptedDaemon daemon(path_, {});
  const Result<ApiSocket> socket = ConnectApiSocket(path_, After(kPlenty));
  ASSERT_THAT(socket, IsOk());
  EXPECT_EQ(socket->peer_pid, getpid());
  EXPECT_EQ(fcntl(socket->fd.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(ApiSocketTest, TakesARelativePath) {
  const ScriptedDaemon daemon(path_, {});
  const UniqueFd before(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(chdir(directory_.path().c_str()), 0);
  EXPECT_THAT(ConnectApiSocket("api.sock", After(kPlenty)), IsOk());
  ASSERT_EQ(fchdir(before.get()), 0);
}

TEST_F(ApiSocketTest, IsMissed) {
  EXPECT_THAT(ConnectApiSocket(path_, After(kPlenty)),
              HasError(ErrorKind::kSystem, "No such file or directory"));
  EXPECT_THAT(ConnectApiSocket(path_ + "/no/api.sock", After(kPlenty)),
              HasError(ErrorKind::kSystem, "directory "));
}

TEST_F(ApiSocketTest, HintsAreLeftToTheCaller) {
  const Result<ApiSocket> connected = ConnectApiSocket(path_, After(kPlenty));
  ASSERT_FALSE(connected.has_value());
  EXPECT_EQ(connected.error().hint, "");
}

TEST_F(ApiSocketTest, MustBeListenedOn) {
  const UniqueFd nobody_listens = BoundSocket(path_);
  EXPECT_THAT(ConnectApiSocket(path_, After(kPlenty)),
              HasError(ErrorKind::kSystem, "nobody listens on"));
}

TEST_F(ApiSocketTest, MustBeASocket) {
  const std::string file = directory_.Write("file", "");
  EXPECT_THAT(ConnectApiSocket(file, After(kPlenty)), HasError(ErrorKind::kUsage, "is no socket"));
}

TEST_F(ApiSocketTest, MustNotBeALink) {
  const ScriptedDaemon daemon(path_, {});
  const std::string link = directory_.PathOf("link");
  ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
  EXPECT_THAT(ConnectApiSocket(link, After(kPlenty)), HasError(ErrorKind::kUsage, "is no socket"));
}

TEST_F(ApiSocketTest, MustNotLieWhereOthersCanWrite) {
  const ScriptedDaemon daemon(path_, {});
  for (const mode_t mode : {0770U, 0707U, 01777U, 0720U}) {
    ASSERT_EQ(chmod(directory_.path().c_str(), mode), 0);
    EXPECT_THAT(ConnectApiSocket(path_, After(kPlenty)),
                HasError(ErrorKind::kUsage, "can be written by group or others"))
        << mode;
  }
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  EXPECT_THAT(ConnectApiSocket(path_, After(kPlenty)), IsOk());
}

TEST_F(ApiSocketTest, HasAPathThatFitsASocketAddress) {
  const std::string longest = directory_.PathOf(std::string(107 - path_.size() + 8, 's'));
  const ScriptedDaemon daemon(longest, {});
  EXPECT_THAT(ConnectApiSocket(longest, After(kPlenty)), IsOk());
  EXPECT_THAT(ConnectApiSocket(longest + "s", After(kPlenty)),
              HasError(ErrorKind::kUsage, "has 107 bytes at most"));
}

TEST_F(ApiSocketTest, IsNotWaitedForLongerThanTheDeadline) {
  const UniqueFd listener = BoundSocket(path_);
  ASSERT_EQ(listen(listener.get(), 0), 0);
  const sockaddr_un address = AddressOf(path_);
  std::vector<UniqueFd> backlog;
  while (true) {
    UniqueFd next(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (connect(next.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ASSERT_EQ(errno, EAGAIN);
      break;
    }
    backlog.push_back(std::move(next));
  }
  EXPECT_THAT(ConnectApiSocket(path_, After(kLittle)),
              HasError(ErrorKind::kMount, "no time is left while connecting to '" + path_ + "'"));
  EXPECT_THAT(ConnectApiSocket(path_, After(milliseconds(0))),
              HasError(ErrorKind::kMount, "no time is left while connecting to '" + path_ + "'"));
}

}  // namespace
}  // namespace nydus
