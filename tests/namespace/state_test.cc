// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/state/state_directory.h"
#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

using testing::Optional;

class StateOnDisk : public MountLab {
 protected:
  LockedState Lock() {
    const Result<StateRoot> root = StateRoot::Open(disk_ + "/state");
    EXPECT_THAT(root, IsOk());
    Result<LockedState> state = root->Lock("one", After(std::chrono::seconds(20)));
    EXPECT_THAT(state, IsOk());
    return std::move(*state);
  }

  std::string disk_ = Directory("disk");
  bool mounted_ = mount("tmpfs", disk_.c_str(), "tmpfs", 0, "size=256k") == 0;
};

TEST_F(StateOnDisk, FullDiskKeepsTheOldFileAndLeavesNoPart) {
  ASSERT_TRUE(mounted_);
  const LockedState state = Lock();
  ASSERT_THAT(state.Write("file", "old"), IsOk());
  const Result<> written = state.Write("file", std::string(1024 * 1024, 'x'));
  ASSERT_THAT(written, HasError(ErrorKind::kSystem, "state/one/file: write: No space left"));
  EXPECT_EQ(written.error().errno_value, ENOSPC);
  EXPECT_THAT(*state.Read("file"), Optional(std::string("old")));
  const std::filesystem::directory_iterator files(state.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
  EXPECT_THAT(state.Write("file", "new"), IsOk());
}

TEST_F(StateOnDisk, RemoveAllLeavesAMountAlone) {
  LockedState state = Lock();
  const std::string below = state.path() + "/.below";
  ASSERT_EQ(mkdir(below.c_str(), 0700), 0);
  ASSERT_EQ(mount("tmpfs", below.c_str(), "tmpfs", 0, "mode=0700"), 0);
  std::ofstream(below + "/precious") << "x";
  EXPECT_THAT(std::move(state).RemoveAll(), HasError(ErrorKind::kSystem, ".below"));
  EXPECT_TRUE(std::filesystem::exists(below + "/precious"));
}

}  // namespace
}  // namespace nydus
