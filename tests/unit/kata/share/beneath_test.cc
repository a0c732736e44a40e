// SPDX-License-Identifier: Apache-2.0
#include "kata/share/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

namespace fs = std::filesystem;

class Beneath : public testing::Test {
 protected:
  static void ExpectErrno(const Result<UniqueFd>& opened, int errno_value) {
    ASSERT_THAT(opened, HasError(ErrorKind::kMount, ""));
    EXPECT_EQ(opened.error().errno_value, errno_value);
  }

  [[nodiscard]] Result<UniqueFd> Open(const std::string& path) const {
    return OpenBeneath(top_.get(), path, O_PATH);
  }

  [[nodiscard]] static ino_t InodeOf(int fd) {
    struct stat status = {};
    EXPECT_EQ(fstat(fd, &status), 0);
    return status.st_ino;
  }

  [[nodiscard]] static ino_t InodeOf(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0);
    return status.st_ino;
  }

  TempDir scratch_;
  std::string top_path_ = scratch_.PathOf("top");
  bool made_ = fs::create_directories(top_path_ + "/a/b");
  UniqueFd top_{open(top_path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(Beneath, OpensPlainPaths) {
  const Result<UniqueFd> opened = Open("a/b");
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(InodeOf(opened->get()), InodeOf(top_path_ + "/a/b"));
  EXPECT_EQ(fcntl(opened->get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(Beneath, MissingNamesAreTold) {
  ExpectErrno(Open("a/missing"), ENOENT);
}

TEST_F(Beneath, LinksAreNeverFollowed) {
  fs::create_directory_symlink("a", top_path_ + "/inside");
  fs::create_directory_symlink("/etc", top_path_ + "/outside");
  ExpectErrno(Open("inside"), ELOOP);
  ExpectErrno(Open("inside/b"), ELOOP);
  ExpectErrno(Open("outside"), ELOOP);
  ExpectErrno(Open("outside/passwd"), ELOOP);
  ExpectErrno(OpenMountBeneath(top_.get(), "outside"), ELOOP);
}

TEST_F(Beneath, NothingAboveIsReached) {
  ExpectErrno(Open(".."), EXDEV);
  ExpectErrno(Open("a/../.."), EXDEV);
  ExpectErrno(Open("/etc"), EXDEV);
  ExpectErrno(OpenMountBeneath(top_.get(), ".."), EXDEV);
}

TEST_F(Beneath, NamesInMessagesArePrintable) {
  const Result<UniqueFd> opened = Open("new\nline");
  EXPECT_THAT(opened, HasError(ErrorKind::kMount, "'new\\x0aline'"));
}

TEST_F(Beneath, DirectoryIsMadeWithItsMode) {
  const mode_t mask = umask(0);
  const Result<UniqueFd> made = MakeDirectoryBeneath(top_.get(), "new", 0750);
  umask(mask);
  ASSERT_THAT(made, IsOk());
  struct stat status = {};
  ASSERT_EQ(stat((top_path_ + "/new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFDIR | 0750U);
  EXPECT_EQ(InodeOf(made->get()), status.st_ino);
}

TEST_F(Beneath, DirectoryThatIsThereIsOpened) {
  const Result<UniqueFd> made = MakeDirectoryBeneath(top_.get(), "a", 0750);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(InodeOf(made->get()), InodeOf(top_path_ + "/a"));
}

TEST_F(Beneath, DirectoryIsNotMadeThroughALink) {
  fs::create_directory_symlink("a", top_path_ + "/link");
  fs::create_directory_symlink(scratch_.PathOf("elsewhere"), top_path_ + "/dangling");
  ExpectErrno(MakeDirectoryBeneath(top_.get(), "link", 0750), ELOOP);
  ExpectErrno(MakeDirectoryBeneath(top_.get(), "dangling", 0750), ELOOP);
  EXPECT_FALSE(fs::exists(scratch_.PathOf("elsewhere")));
}

TEST_F(Beneath, FileInPlaceOfADirectoryIsRefused) {
  (void)scratch_.Write("top/file", "");
  ExpectErrno(MakeDirectoryBeneath(top_.get(), "file", 0750), ENOTDIR);
}

TEST_F(Beneath, EmptyDirectoryIsRemoved) {
  ASSERT_THAT(RemoveDirectoryBeneath(top_.get(), "a"), HasError(ErrorKind::kMount, "'a'"));
  fs::remove(top_path_ + "/a/b");
  EXPECT_THAT(RemoveDirectoryBeneath(top_.get(), "a"), IsOk());
  EXPECT_FALSE(fs::exists(top_path_ + "/a"));
  EXPECT_THAT(RemoveDirectoryBeneath(top_.get(), "a"), IsOk());
}

TEST_F(Beneath, LinkIsNotRemovedForADirectory) {
  fs::create_directory_symlink("a/b", top_path_ + "/link");
  EXPECT_THAT(RemoveDirectoryBeneath(top_.get(), "link"), HasError(ErrorKind::kMount, "'link'"));
  EXPECT_TRUE(fs::is_symlink(top_path_ + "/link"));
  EXPECT_TRUE(fs::exists(top_path_ + "/a/b"));
}

}  // namespace
}  // namespace nydus
