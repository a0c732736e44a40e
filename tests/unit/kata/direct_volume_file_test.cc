// SPDX-License-Identifier: Apache-2.0
#include "kata/direct_volume_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

namespace fs = std::filesystem;

constexpr char kVolumePath[] = "/var/lib/kubelet/pods/p/volumes/v";
constexpr char kDirectory[] = "L3Zhci9saWIva3ViZWxldC9wb2RzL3Avdm9sdW1lcy92";  // base64 of it

class MountInfoFile : public testing::Test {
 protected:
  Result<> Write(const DirectVolume& volume = {.volume_type = "block",
                                               .device = "/dev/vdb",
                                               .fs_type = "ext4",
                                               .metadata = {},
                                               .options = {}}) {
    const auto file = UnnamedMountInfo::Make(directories_, kVolumePath, volume);
    if (!file) return Failure(file.error());
    inode_ = file->inode();
    return file->GiveName();
  }
  [[nodiscard]] Result<> Remove() const {
    return RemoveMountInfo(directories_, kVolumePath, inode_);
  }
  [[nodiscard]] fs::path directory() const {
    return fs::path(directories_.direct_volumes) / kDirectory;
  }
  [[nodiscard]] fs::path file() const { return directory() / "mountInfo.json"; }

  [[nodiscard]] std::string Text() const {
    std::ostringstream text;
    text << std::ifstream(file()).rdbuf();
    return text.str();
  }

  [[nodiscard]] static mode_t ModeOf(const fs::path& path) {
    struct stat status = {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
  }

  [[nodiscard]] const KataDirectories& directories() const { return directories_; }
  [[nodiscard]] const TempDir& root() const { return root_; }

 private:
  TempDir root_;
  std::uint64_t inode_ = 0;
  KataDirectories directories_{
      .state = {}, .sandboxes = {}, .direct_volumes = root_.PathOf("shared/direct-volumes")};
};

TEST_F(MountInfoFile, LiesWhereKataLooksForIt) {
  ASSERT_THAT(Write(), IsOk());
  EXPECT_EQ(Text(), R"({"volume-type":"block","device":"/dev/vdb","fstype":"ext4"})");
}

TEST_F(MountInfoFile, IsForItsOwnerAlone) {
  const mode_t before = umask(0);
  const Result<> written = Write();
  umask(before);
  ASSERT_THAT(written, IsOk());
  EXPECT_EQ(ModeOf(file()), 0600U);
  EXPECT_EQ(ModeOf(directory()), 0700U);
  EXPECT_EQ(ModeOf(directory().parent_path()), 0700U);
}

// Kata takes every other name for a sandbox that uses the volume.
TEST_F(MountInfoFile, IsAloneInItsDirectory) {
  ASSERT_THAT(Write(), IsOk());
  EXPECT_EQ(std::distance(fs::directory_iterator(directory()), {}), 1);
}

TEST_F(MountInfoFile, HasNoNameUntilItGetsOne) {
  const auto file = UnnamedMountInfo::Make(directories(), kVolumePath, {.volume_type = "block"});
  ASSERT_THAT(file, IsOk());
  EXPECT_TRUE(fs::is_empty(directory()));
}

TEST_F(MountInfoFile, OfSomebodyElseIsNeitherReplacedNorRemoved) {
  fs::create_directories(directory());
  std::ofstream(file()) << "theirs";
  EXPECT_THAT(Write(), HasError(ErrorKind::kMount, "is there already"));
  EXPECT_THAT(Remove(), IsOk());
  EXPECT_EQ(Text(), "theirs");
}

TEST_F(MountInfoFile, ThatIsALinkIsRefusedAndNotFollowed) {
  fs::create_directories(directory());
  const std::string elsewhere = root().Write("elsewhere", "text");
  fs::create_symlink(elsewhere, file());
  EXPECT_THAT(Write(), HasError(ErrorKind::kMount, "mountInfo.json"));
  EXPECT_EQ(Text(), "text");
}

TEST_F(MountInfoFile, InADirectoryThatIsALinkIsRefused) {
  fs::create_directories(directory().parent_path());
  fs::create_directory(root().PathOf("elsewhere"));
  fs::create_directory_symlink(root().PathOf("elsewhere"), directory());
  EXPECT_THAT(Write(), HasError(ErrorKind::kMount, kDirectory));
  EXPECT_THAT(Remove(), HasError(ErrorKind::kMount, kDirectory));
  EXPECT_TRUE(fs::is_empty(root().PathOf("elsewhere")));
}

TEST_F(MountInfoFile, BelowADirectoryOfEverybodysIsRefused) {
  fs::create_directories(directory().parent_path());
  fs::permissions(directory().parent_path(), fs::perms::all);
  EXPECT_THAT(Write(), HasError(ErrorKind::kMount, "written by group or others"));
}

TEST_F(MountInfoFile, GoesAwayWithItsDirectory) {
  ASSERT_THAT(Write(), IsOk());
  EXPECT_THAT(Remove(), IsOk());
  EXPECT_FALSE(fs::exists(directory()));
  EXPECT_TRUE(fs::exists(directory().parent_path()));
}

TEST_F(MountInfoFile, RemovedAgainIsSuccessAndMakesNothing) {
  EXPECT_THAT(Remove(), IsOk());
  EXPECT_FALSE(fs::exists(root().PathOf("shared")));
  ASSERT_THAT(Write(), IsOk());
  EXPECT_THAT(Remove(), IsOk());
  EXPECT_THAT(Remove(), IsOk());
}

TEST_F(MountInfoFile, LeavesTheDirectoryToTheSandboxesThatUseTheVolume) {
  ASSERT_THAT(Write(), IsOk());
  std::ofstream(directory() / "sandbox-1");
  EXPECT_THAT(Remove(), IsOk());
  EXPECT_FALSE(fs::exists(file()));
  EXPECT_TRUE(fs::exists(directory() / "sandbox-1"));
}

TEST_F(MountInfoFile, OfAPathThatIsNoFileNameIsRefused) {
  const KataDirectories directories{
      .state = {}, .sandboxes = {}, .direct_volumes = root().PathOf("volumes")};
  EXPECT_THAT(UnnamedMountInfo::Make(directories, "", {}), HasError(ErrorKind::kUsage, "is empty"));
  EXPECT_THAT(UnnamedMountInfo::Make(directories, std::string(190, 'x'), {}),
              HasError(ErrorKind::kUsage, "longer than 189 bytes"));
  EXPECT_FALSE(fs::exists(root().PathOf("volumes")));
}

}  // namespace
}  // namespace nydus
