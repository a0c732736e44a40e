// SPDX-License-Identifier: Apache-2.0
#include "kata/snapshot_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

// SNAPSHOTS/9 with fs and work, as nydus-snapshotter makes it.
class SnapshotDirectory : public testing::Test {
 protected:
  SnapshotDirectory() {
    std::filesystem::create_directories(snapshot_ + "/fs");
    std::filesystem::create_directories(snapshot_ + "/work");
  }

  [[nodiscard]] SnapshotDirectoryRules OwnOptions() const {
    return {
        .upper_directory = snapshot_ + "/fs", .work_directory = snapshot_ + "/work", .roots = {}};
  }
  [[nodiscard]] SnapshotDirectoryRules Configured() const { return {{}, {}, {snapshots_}}; }

  static ino_t InodeOf(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_ino;
  }
  static ino_t InodeOf(int fd) {
    struct stat status = {};
    EXPECT_EQ(fstat(fd, &status), 0);
    return status.st_ino;
  }

  TempDir temp_;
  std::string snapshots_ = temp_.PathOf("snapshots");
  std::string snapshot_ = snapshots_ + "/9";
};

TEST_F(SnapshotDirectory, IsTheParentOfUpperAndWorkDirectory) {
  const auto opened = OpenSnapshotDirectory(snapshot_, OwnOptions());
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(InodeOf(opened->get()), InodeOf(snapshot_));
}

TEST_F(SnapshotDirectory, LiesBelowAConfiguredRoot) {
  const auto opened = OpenSnapshotDirectory(snapshot_, Configured());
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(InodeOf(opened->get()), InodeOf(snapshot_));
}

TEST_F(SnapshotDirectory, BehindALinkThatTheCallerFollowsTooIsFine) {
  std::filesystem::create_directory_symlink(snapshots_, temp_.PathOf("link"));
  const std::string linked = temp_.PathOf("link") + "/9";
  EXPECT_THAT(OpenSnapshotDirectory(
                  linked, {.upper_directory = linked + "/fs", .work_directory = linked + "/work"}),
              IsOk());
}

TEST_F(SnapshotDirectory, ThatOnlyThePayloadNamesIsRefused) {
  EXPECT_THAT(OpenSnapshotDirectory("/etc", OwnOptions()),
              HasError(ErrorKind::kUsage, "is neither the parent of upperdir and workdir nor"));
  EXPECT_THAT(OpenSnapshotDirectory("/etc", Configured()),
              HasError(ErrorKind::kUsage, "is neither the parent of upperdir and workdir nor"));
  EXPECT_THAT(OpenSnapshotDirectory(snapshot_, {}),
              HasError(ErrorKind::kUsage, "is neither the parent of upperdir and workdir nor"));
}

TEST_F(SnapshotDirectory, OfAnotherSnapshotIsRefused) {
  const std::string other = snapshots_ + "/10";
  std::filesystem::create_directories(other + "/fs");
  std::filesystem::create_directories(other + "/work");
  EXPECT_THAT(OpenSnapshotDirectory(other, OwnOptions()),
              HasError(ErrorKind::kUsage, "is neither"));
}

TEST_F(SnapshotDirectory, MustBeTheParentOfBoth) {
  SnapshotDirectoryRules rules = OwnOptions();
  rules.work_directory = temp_.path() + "/work";
  std::filesystem::create_directories(rules.work_directory);
  EXPECT_THAT(OpenSnapshotDirectory(snapshot_, rules), HasError(ErrorKind::kUsage, "is neither"));
}

// A guest can prepare them for the next container.
TEST_F(SnapshotDirectory, IsNotFoundThroughLinksInPlaceOfUpperAndWorkDirectory) {
  const std::string other = snapshots_ + "/10";
  for (const std::string name : {"/fs", "/work"}) {
    std::filesystem::create_directories(other + name);
    std::filesystem::remove(snapshot_ + name);
    std::filesystem::create_directory_symlink(other + name, snapshot_ + name);
  }
  EXPECT_THAT(OpenSnapshotDirectory(other, OwnOptions()), HasError(ErrorKind::kMount, "upperdir"));
  EXPECT_THAT(OpenSnapshotDirectory(other, {.upper_directory = snapshot_ + "/fs/",
                                            .work_directory = snapshot_ + "/work/"}),
              HasError(ErrorKind::kMount, "upperdir"));
}

TEST_F(SnapshotDirectory, ThatIsALinkIsRefused) {
  std::filesystem::create_directory_symlink(snapshot_, snapshots_ + "/link");
  EXPECT_THAT(OpenSnapshotDirectory(snapshots_ + "/link", OwnOptions()),
              HasError(ErrorKind::kUsage, "is neither"));
  EXPECT_THAT(OpenSnapshotDirectory(snapshots_ + "/link", Configured()), testing::Not(IsOk()));
}

TEST_F(SnapshotDirectory, BelowARootHasNoLinkOnItsWay) {
  std::filesystem::create_directory_symlink("/etc", snapshots_ + "/planted");
  EXPECT_THAT(OpenSnapshotDirectory(snapshots_ + "/planted/ssl", Configured()),
              testing::Not(IsOk()));
}

TEST_F(SnapshotDirectory, TheRootItselfAndItsNeighboursAreNotBelowIt) {
  std::filesystem::create_directories(temp_.PathOf("snapshots-not/9/fs"));
  EXPECT_THAT(OpenSnapshotDirectory(snapshots_, Configured()),
              HasError(ErrorKind::kUsage, "is neither"));
  EXPECT_THAT(OpenSnapshotDirectory(temp_.PathOf("snapshots-not/9"), Configured()),
              HasError(ErrorKind::kUsage, "is neither"));
}

TEST_F(SnapshotDirectory, WithoutFsOrWorkIsRefused) {
  std::filesystem::remove(snapshot_ + "/work");
  EXPECT_THAT(OpenSnapshotDirectory(snapshot_, Configured()),
              HasError(ErrorKind::kUsage, "holds no directory work"));
}

TEST_F(SnapshotDirectory, HasPlainComponents) {
  for (const std::string& path :
       {std::string("relative/9"), snapshot_ + "/../9", snapshots_ + "//9", snapshot_ + "/",
        snapshots_ + "/./9", std::string()}) {
    EXPECT_THAT(OpenSnapshotDirectory(path, Configured()),
                HasError(ErrorKind::kUsage, "is no absolute path without"))
        << path;
  }
}

TEST_F(SnapshotDirectory, IsPartOfAPayloadAndStaysOutOfMessages) {
  std::filesystem::create_directory_symlink("/etc", snapshots_ + "/hunter");
  for (const std::string& path : {std::string("hunter"), std::string("/hunter/x"),
                                  snapshots_ + "/hunter", snapshots_ + "/hunter/missing"}) {
    const auto directory = OpenSnapshotDirectory(path, Configured());
    ASSERT_THAT(directory, testing::Not(IsOk())) << path;
    EXPECT_THAT(directory.error().message, testing::StartsWith("extraoption: snapshotdir"));
    EXPECT_THAT(directory.error().message, testing::Not(testing::HasSubstr("hunter")));
  }
}

}  // namespace
}  // namespace nydus
