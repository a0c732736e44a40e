// SPDX-License-Identifier: Apache-2.0
#include "kata/share/tree_removal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

#include "base/unique_fd.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

namespace fs = std::filesystem;

class TreeRemoval : public testing::Test {
 protected:
  // Below "tree", which is removed.
  [[nodiscard]] std::string Directory(const std::string& name) const {
    const std::string path = tree_ + "/" + name;
    fs::create_directories(path);
    return path;
  }

  [[nodiscard]] Result<> Remove() const { return RemoveTreeBeneath(top_.get(), "tree"); }

  void ExpectGone() const {
    EXPECT_THAT(Remove(), IsOk());
    EXPECT_FALSE(fs::exists(fs::symlink_status(tree_)));
  }

  TempDir scratch_;
  std::string tree_ = scratch_.PathOf("tree");
  UniqueFd top_{open(scratch_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(TreeRemoval, NothingToRemoveIsNoError) {
  ExpectGone();
}

TEST_F(TreeRemoval, RemovesFilesAndDirectories) {
  (void)Directory("a/b/c");
  (void)Directory("a/empty");
  (void)scratch_.Write("tree/file", "x");
  (void)scratch_.Write("tree/a/b/file", "x");
  ExpectGone();
}

TEST_F(TreeRemoval, RemovesASingleFile) {
  (void)scratch_.Write("tree", "x");
  ExpectGone();
}

TEST_F(TreeRemoval, RemovesWhatAGuestCanMake) {
  const std::string odd = Directory("new\nline");
  (void)Directory("-rf");
  (void)Directory(".hidden");
  (void)Directory("\xFF\xFE");
  (void)Directory(std::string(255, 'n'));
  ASSERT_EQ(mkfifo((odd + "/pipe").c_str(), 0600), 0);
  ASSERT_EQ(mknod((odd + "/socket").c_str(), S_IFSOCK | 0600, 0), 0);
  fs::create_symlink("nowhere", odd + "/dangling");
  ASSERT_EQ(link((odd + "/pipe").c_str(), (odd + "/second name").c_str()), 0);
  ExpectGone();
}

TEST_F(TreeRemoval, RemovesLinksAndNotWhatTheyPointAt) {
  fs::create_directory(scratch_.PathOf("elsewhere"));
  const std::string file = scratch_.Write("elsewhere/file", "x");
  fs::create_directory_symlink(scratch_.PathOf("elsewhere"), Directory("a") + "/absolute");
  fs::create_directory_symlink("../../elsewhere", tree_ + "/a/relative");
  fs::create_directory_symlink("/etc", tree_ + "/etc");
  ExpectGone();
  EXPECT_TRUE(fs::exists(file));
  EXPECT_TRUE(fs::exists("/etc/passwd"));
}

TEST_F(TreeRemoval, LinkInPlaceOfTheTreeIsRemovedAlone) {
  fs::create_directory(scratch_.PathOf("elsewhere"));
  const std::string file = scratch_.Write("elsewhere/file", "x");
  fs::create_directory_symlink("elsewhere", tree_);
  ExpectGone();
  EXPECT_TRUE(fs::exists(file));
}

TEST_F(TreeRemoval, RemovesChainsThatReachBelowTheLimit) {
  for (int i = 0; i < 3; ++i) {
    std::string path = "chain" + std::to_string(i);
    for (int level = 0; level < 70; ++level) path += "/d";
    ASSERT_EQ(mkfifo((Directory(path) + "/pipe").c_str(), 0600), 0);
  }
  ExpectGone();
}

}  // namespace
}  // namespace nydus
