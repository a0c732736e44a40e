// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/nydusd_process.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <future>

#include <gmock/gmock.h>

#include "fuse/nydusd/socket_lock.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/fuse/nydusd/listening_socket.h"

// What tests/system/test_nydusd_process.py, with the real nydusd, cannot bring about.
namespace nydus {
namespace {

using std::chrono::milliseconds;

bool HasNoChildren() {
  return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

class NydusdProcess : public testing::Test {
 protected:
  NydusdProcess() {
    const std::string program =
        directory_.Write("nydusd", "#!/bin/sh\ntouch " + directory_.PathOf("ran"));
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    settings_ = {.program = program,
                 .vhost_socket = directory_.PathOf("vhost.sock"),
                 .api_socket = directory_.PathOf("api.sock"),
                 .share_directory = directory_.path(),
                 .log_file = directory_.PathOf("nydusd.log"),
                 .extra_arguments = {}};
  }

  [[nodiscard]] bool Exists(std::string_view name) const {
    return std::filesystem::exists(directory_.PathOf(name));
  }

  TempDir directory_;
  NydusdSettings settings_;
};

TEST_F(NydusdProcess, DoesNotRunIfItsIdentityCannotBeRecorded) {
  ProcessIdentity told;
  const auto refuse = [&told](const ProcessIdentity& process) {
    told = process;
    return Result<>(Fail(ErrorKind::kSystem, "no room"));
  };
  const auto started = StartNydusd(settings_, false, refuse, After(milliseconds(10'000)));
  EXPECT_THAT(started, HasError(ErrorKind::kSystem, "no room"));
  EXPECT_FALSE(OpenProcess(told)->has_value());
  EXPECT_TRUE(HasNoChildren());
  EXPECT_FALSE(Exists("ran"));
}

TEST_F(NydusdProcess, RunsOnceItsIdentityIsRecorded) {
  bool ran_before = true;
  const auto record = [&](const ProcessIdentity& process) {
    EXPECT_EQ(*IdentifyProcess(process.pid), process);
    ran_before = Exists("ran");
    return Result<>();
  };
  const auto started = StartNydusd(settings_, false, record, After(milliseconds(10'000)));
  EXPECT_THAT(started, HasError(ErrorKind::kSystem, "ended at its start: exit status 0"));
  EXPECT_FALSE(ran_before);
  EXPECT_TRUE(Exists("ran"));
  EXPECT_TRUE(HasNoChildren());
}

TEST_F(NydusdProcess, ThatHasEndedLeavesStaleSocketsToBeRemovedAndOthersAlone) {
  ProcessIdentity former = *IdentifyProcess(getpid());
  --former.start_time;
  ListenOn(settings_.vhost_socket).reset();
  const UniqueFd others = ListenOn(settings_.api_socket);
  EXPECT_THAT(StopNydusd(former, settings_.vhost_socket, settings_.api_socket), IsOk());
  EXPECT_FALSE(Exists("vhost.sock"));
  EXPECT_TRUE(Exists("api.sock"));
}

TEST_F(NydusdProcess, ThatHasEndedLosesNoSocketThatIsJustBeingMadeAnew) {
  ProcessIdentity former = *IdentifyProcess(getpid());
  --former.start_time;
  ListenOn(settings_.vhost_socket).reset();
  Result<SocketLocks> start = LockDirectoriesOf({settings_.vhost_socket}, After(milliseconds(0)));
  ASSERT_THAT(start, IsOk());
  std::future<Result<>> stop = std::async(std::launch::async, [&] {
    return StopNydusd(former, settings_.vhost_socket, settings_.api_socket);
  });
  EXPECT_EQ(stop.wait_for(milliseconds(100)), std::future_status::timeout);
  EXPECT_TRUE(Exists("vhost.sock"));
  std::filesystem::remove(settings_.vhost_socket);
  const UniqueFd of_the_new_one = ListenOn(settings_.vhost_socket);
  start->clear();
  EXPECT_THAT(stop.get(), IsOk());
  EXPECT_TRUE(Exists("vhost.sock"));
}

TEST_F(NydusdProcess, IsNotFoundInWhatElseListens) {
  const UniqueFd listener = ListenOn(settings_.api_socket);
  EXPECT_THAT(
      FindNydusd(settings_.api_socket, After(milliseconds(10'000))),
      HasError(ErrorKind::kUsage, "is no nydusd: its command line names no such --apisock"));
}

TEST_F(NydusdProcess, HasLastWordsInItsLogAndOnStandardError) {
  NydusdOutput output = {.log_file = directory_.Write("log", "old\none\ntwo\n"),
                         .log_offset = 4,
                         .standard_error = UniqueFd(memfd_create("", MFD_CLOEXEC))};
  ASSERT_EQ(write(output.standard_error.get(), "three\n", 6), 6);
  EXPECT_THAT(LastWords(output, 2), testing::ElementsAre("two", "three"));
  EXPECT_THAT(LastWords(output, 9), testing::ElementsAre("one", "two", "three"));
}

}  // namespace
}  // namespace nydus
