// SPDX-License-Identifier: Apache-2.0
#include "base/state/state_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "base/interruption.h"
#include "tests/support/requirement.h"
#include "tests/support/restored_signals.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::Optional;

constexpr std::chrono::seconds kLong(20);
constexpr std::chrono::milliseconds kShort(20);

// Somebody else's, whoever runs the test.
constexpr uid_t kOtherUser = 65534;

mode_t ModeOf(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

class State : public testing::Test {
 protected:
  StateRoot Root() {
    Result<StateRoot> root = StateRoot::Open(root_path_);
    EXPECT_THAT(root, IsOk());
    return std::move(*root);
  }

  LockedState Lock(const std::string& name) {
    Result<LockedState> state = Root().Lock(name, After(kLong));
    EXPECT_THAT(state, IsOk());
    return std::move(*state);
  }

  [[nodiscard]] std::string PathOf(const std::string& name) const {
    return root_path_ + "/" + name;
  }

  TempDir scratch_;
  std::string root_path_ = scratch_.PathOf("state");
};

TEST_F(State, DirectoriesAreTheOwnersAlone) {
  const LockedState state = Lock("one");
  EXPECT_EQ(state.path(), PathOf("one"));
  EXPECT_EQ(ModeOf(root_path_), 0700U);
  EXPECT_EQ(ModeOf(state.path()), 0700U);
}

TEST_F(State, RootThatOthersCanEnterIsRefused) {
  ASSERT_EQ(mkdir(root_path_.c_str(), 0755), 0);
  EXPECT_THAT(StateRoot::Open(root_path_),
              HasError(ErrorKind::kSystem, root_path_ + " is open to group or others"));
}

TEST_F(State, RootOfSomebodyElseIsRefused) {
  std::string path = "/";
  if (geteuid() == 0) {
    path = root_path_;
    ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
    ASSERT_EQ(chown(path.c_str(), kOtherUser, 0), 0);
  }
  EXPECT_THAT(StateRoot::Open(path), HasError(ErrorKind::kSystem, path + " belongs to user ID"));
}

TEST_F(State, RootThatIsALinkIsRefused) {
  std::filesystem::create_directory(scratch_.PathOf("elsewhere"));
  std::filesystem::create_symlink(scratch_.PathOf("elsewhere"), root_path_);
  EXPECT_THAT(StateRoot::Open(root_path_), HasError(ErrorKind::kSystem, root_path_));
}

TEST_F(State, RootNeedsItsParent) {
  const Result<StateRoot> root = StateRoot::Open(root_path_ + "/below");
  ASSERT_THAT(root, HasError(ErrorKind::kSystem, root_path_ + "/below"));
  EXPECT_EQ(root.error().errno_value, ENOENT);
}

TEST_F(State, DirectoryThatOthersCanEnterIsRefused) {
  const StateRoot root = Root();
  ASSERT_EQ(mkdir(PathOf("one").c_str(), 0750), 0);
  EXPECT_THAT(root.Lock("one", After(kLong)),
              HasError(ErrorKind::kSystem, PathOf("one") + " is open to group or others"));
}

TEST_F(State, LinkInPlaceOfADirectoryIsRefused) {
  const StateRoot root = Root();
  const LockedState other = Lock("other");
  std::filesystem::create_symlink(other.path(), PathOf("one"));
  EXPECT_THAT(root.Lock("one", After(kLong)), HasError(ErrorKind::kSystem, PathOf("one")));
  EXPECT_THAT(root.LockIfThere("one", After(kLong)), HasError(ErrorKind::kSystem, PathOf("one")));
}

TEST_F(State, NamesAreIdentifiers) {
  const StateRoot root = Root();
  for (const std::string name : {"", ".", "..", ".hidden", "a/b", "a b"}) {
    EXPECT_THAT(root.Lock(name, After(kLong)), HasError(ErrorKind::kUsage, "is not an identifier"));
    EXPECT_THAT(root.LockIfThere(name, After(kLong)),
                HasError(ErrorKind::kUsage, "is not an identifier"));
  }
}

TEST_F(State, NamesAreListedInOrder) {
  Lock("b");
  Lock("a.1");
  std::filesystem::create_directory(PathOf(".hidden"));
  const auto names = Root().Names();
  ASSERT_THAT(names, IsOk());
  EXPECT_THAT(*names, ElementsAre("a.1", "b"));
}

TEST_F(State, LockIfThereMakesNothing) {
  const StateRoot root = Root();
  const auto state = root.LockIfThere("one", After(kLong));
  ASSERT_THAT(state, IsOk());
  EXPECT_FALSE(state->has_value());
  EXPECT_FALSE(std::filesystem::exists(PathOf("one")));
}

TEST_F(State, LockExcludes) {
  const LockedState state = Lock("one");
  const auto second = Root().Lock("one", After(kShort));
  ASSERT_THAT(second, HasError(ErrorKind::kSystem, PathOf("one") + " is in use"));
  EXPECT_EQ(second.error().errno_value, ETIMEDOUT);
  const auto if_there = Root().LockIfThere("one", After(kShort));
  ASSERT_FALSE(if_there);
  EXPECT_EQ(if_there.error().errno_value, ETIMEDOUT);
}

TEST_F(State, SignalThatIsKeptBackEndsTheWaitForALock) {
  const LockedState state = Lock("one");
  const RestoredSignals afterwards;
  HoldEndingSignals();
  raise(SIGTERM);
  EXPECT_THAT(Root().Lock("one", After(kLong)), HasError(ErrorKind::kSystem, "interrupted"));
}

TEST_F(State, LocksOfDifferentNamesAreIndependent) {
  const LockedState state = Lock("one");
  EXPECT_THAT(Root().Lock("two", After(kShort)), IsOk());
}

TEST_F(State, LockEndsWithItsHolder) {
  Lock("one");
  EXPECT_THAT(Root().Lock("one", After(kShort)), IsOk());
}

TEST_F(State, DescriptorsAreNotInherited) {
  const LockedState state = Lock("one");
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (gone || !target.starts_with(root_path_)) continue;
    const int fd = std::stoi(entry.path().filename());
    EXPECT_EQ(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC) << target;
  }
}

TEST_F(State, FileIsReplacedWhole) {
  const LockedState state = Lock("one");
  ASSERT_THAT(state.Write("file", "a longer text"), IsOk());
  ASSERT_THAT(state.Write("file", "short"), IsOk());
  EXPECT_THAT(*state.Read("file"), Optional(std::string("short")));
  EXPECT_EQ(ModeOf(PathOf("one/file")), 0600U);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PathOf("one"))) {
    EXPECT_EQ(entry.path().filename(), "file");
    ++files;
  }
  EXPECT_EQ(files, 1U);
}

TEST_F(State, LargestFileFitsAndOneByteMoreDoesNot) {
  const LockedState state = Lock("one");
  const std::string largest(kMaxStateBytes, 'x');
  ASSERT_THAT(state.Write("file", largest), IsOk());
  EXPECT_THAT(*state.Read("file"), Optional(largest));
  EXPECT_THAT(state.Write("file", largest + "x"), HasError(ErrorKind::kSystem, "longer than"));
  EXPECT_THAT(*state.Read("file"), Optional(largest));
}

TEST_F(State, MissingFileIsNoError) {
  const LockedState state = Lock("one");
  EXPECT_EQ(*state.Read("file"), std::nullopt);
  EXPECT_THAT(state.Remove("file"), IsOk());
}

TEST_F(State, RemovedFileIsGone) {
  const LockedState state = Lock("one");
  ASSERT_THAT(state.Write("file", "text"), IsOk());
  ASSERT_THAT(state.Remove("file"), IsOk());
  EXPECT_EQ(*state.Read("file"), std::nullopt);
}

TEST_F(State, WriteReplacesALinkAndDoesNotFollowIt) {
  const LockedState state = Lock("one");
  const std::string elsewhere = scratch_.Write("elsewhere", "theirs");
  std::filesystem::create_symlink(elsewhere, PathOf("one/file"));
  ASSERT_THAT(state.Write("file", "ours"), IsOk());
  EXPECT_THAT(*state.Read("file"), Optional(std::string("ours")));
  std::string text;
  std::ifstream(elsewhere) >> text;
  EXPECT_EQ(text, "theirs");
}

TEST_F(State, LinkInPlaceOfAFileIsRefused) {
  const LockedState state = Lock("one");
  std::filesystem::create_symlink(scratch_.Write("elsewhere", ""), PathOf("one/file"));
  EXPECT_THAT(state.Read("file"), HasError(ErrorKind::kSystem, PathOf("one/file")));
}

TEST_F(State, WhatIsNoRegularFileIsRefused) {
  const LockedState state = Lock("one");
  ASSERT_EQ(mkfifo(PathOf("one/pipe").c_str(), 0600), 0);
  ASSERT_EQ(mkdir(PathOf("one/directory").c_str(), 0700), 0);
  EXPECT_THAT(state.Read("pipe"), HasError(ErrorKind::kSystem, "pipe is not a regular file"));
  EXPECT_THAT(state.Read("directory"),
              HasError(ErrorKind::kSystem, "directory is not a regular file"));
}

TEST_F(State, FileThatIsOpenToOthersIsRefused) {
  const LockedState state = Lock("one");
  const std::string path = PathOf("one/file");
  ASSERT_THAT(state.Write("file", ""), IsOk());
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(state.Read("file"), HasError(ErrorKind::kSystem, path + " is open to"));
  }
}

TEST_F(State, FileThatIsTooLongIsRefused) {
  const LockedState state = Lock("one");
  ASSERT_THAT(state.Write("file", ""), IsOk());
  ASSERT_EQ(truncate(PathOf("one/file").c_str(), kMaxStateBytes + 1), 0);
  EXPECT_THAT(state.Read("file"), HasError(ErrorKind::kSystem, "longer than"));
}

TEST_F(State, FileOfSomebodyElseIsRefused) {
  if (geteuid() != 0) NYDUS_SKIP("system", "only root can give a file away");
  const LockedState state = Lock("one");
  ASSERT_THAT(state.Write("file", "text"), IsOk());
  ASSERT_EQ(chown(PathOf("one/file").c_str(), kOtherUser, 0), 0);
  EXPECT_THAT(state.Read("file"), HasError(ErrorKind::kSystem, "file belongs to user ID 65534"));
}

TEST_F(State, LeftoverOfAKilledWriterIsRemoved) {
  ASSERT_THAT(Lock("one").Write("file", "text"), IsOk());
  std::ofstream(PathOf("one/.unfinished")) << "te";
  const LockedState state = Lock("one");
  EXPECT_FALSE(std::filesystem::exists(PathOf("one/.unfinished")));
  EXPECT_THAT(*state.Read("file"), Optional(std::string("text")));
  EXPECT_THAT(state.Write("file", "new"), IsOk());
}

TEST_F(State, DirectoryBesideIsOfTheSameOwnerAndNoState) {
  const LockedState state = Lock("one");
  EXPECT_EQ(state.PathBeside(".beside"), PathOf(".beside"));
  ASSERT_THAT(state.MakeBeside(".beside"), IsOk());
  ASSERT_THAT(state.MakeBeside(".beside"), IsOk());
  EXPECT_EQ(ModeOf(PathOf(".beside")), 0700U);
  EXPECT_THAT(*Root().Names(), ElementsAre("one"));
}

TEST_F(State, DirectoryBesideIsRemovedWithItsFiles) {
  const LockedState state = Lock("one");
  ASSERT_THAT(state.MakeBeside(".beside"), IsOk());
  ASSERT_EQ(mkfifo(PathOf(".beside/pipe").c_str(), 0600), 0);
  EXPECT_THAT(state.RemoveBeside(".beside"), IsOk());
  EXPECT_FALSE(std::filesystem::exists(PathOf(".beside")));
  EXPECT_THAT(state.RemoveBeside(".beside"), IsOk());
  EXPECT_TRUE(std::filesystem::exists(PathOf("one")));
}

TEST_F(State, RemoveAllTakesOneLevelOfDirectories) {
  LockedState state = Lock("one");
  ASSERT_THAT(state.Write("file", "text"), IsOk());
  ASSERT_EQ(mkdir(PathOf("one/.below").c_str(), 0700), 0);
  ASSERT_EQ(mkdir(PathOf("one/.empty").c_str(), 0700), 0);
  ASSERT_EQ(mkfifo(PathOf("one/.below/pipe").c_str(), 0600), 0);
  const std::string outside = scratch_.Write("outside", "");
  std::filesystem::create_symlink(outside, PathOf("one/.below/link"));
  EXPECT_THAT(std::move(state).RemoveAll(), IsOk());
  EXPECT_FALSE(std::filesystem::exists(PathOf("one")));
  EXPECT_TRUE(std::filesystem::exists(outside));
  EXPECT_FALSE(*Root().LockIfThere("one", After(kLong)));
}

TEST_F(State, RemoveAllRefusesDeeperDirectories) {
  Lock("one");
  std::filesystem::create_directories(PathOf("one/.below/deeper"));
  ASSERT_EQ(chmod(PathOf("one/.below").c_str(), 0700), 0);
  EXPECT_THAT(Lock("one").RemoveAll(), HasError(ErrorKind::kSystem, "one/.below/deeper"));
  EXPECT_TRUE(std::filesystem::exists(PathOf("one/.below/deeper")));
}

}  // namespace
}  // namespace nydus
