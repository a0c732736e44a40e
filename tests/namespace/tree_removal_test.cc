// SPDX-License-Identifier: Apache-2.0
#include "kata/share/tree_removal.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/scope_exit.h"
#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

// Trees so large that a disk would take its time. A share lies on a tmpfs as well.
class LargeTree : public MountLab {
 protected:
  static UniqueFd Open(int parent, const char* name) {
    return UniqueFd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  void ExpectRemoved() const {
    const UniqueFd lab = Open(AT_FDCWD, top_.c_str());
    EXPECT_THAT(RemoveTreeBeneath(lab.get(), "tree"), IsOk());
    EXPECT_FALSE(std::filesystem::exists(tree_));
  }

  std::string tree_ = Directory("tree");
};

// Deeper than any path can name, in a process that may open few files.
TEST_F(LargeTree, TwentyThousandLevelsDeepIsRemoved) {
  UniqueFd directory = Open(AT_FDCWD, tree_.c_str());
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_EQ(mkdirat(directory.get(), "d", 0700), 0);
    directory = Open(directory.get(), "d");
  }
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const ScopeExit restore([limit] { (void)setrlimit(RLIMIT_NOFILE, &limit); });
  const rlimit few = {.rlim_cur = 64, .rlim_max = limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  ExpectRemoved();
}

TEST_F(LargeTree, TenThousandEntriesWideIsRemoved) {
  const UniqueFd wide = Open(AT_FDCWD, tree_.c_str());
  for (int i = 0; i < 10'000; i += 2) {
    ASSERT_EQ(mkdirat(wide.get(), std::to_string(i).c_str(), 0700), 0);
    ASSERT_EQ(mknodat(wide.get(), std::to_string(i + 1).c_str(), S_IFREG | 0600, 0), 0);
  }
  ExpectRemoved();
}

}  // namespace
}  // namespace nydus
