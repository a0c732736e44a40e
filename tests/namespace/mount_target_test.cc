// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_target.h"

#include <unistd.h>

#include <filesystem>

#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

class Target : public MountLab {
 protected:
  std::string Options() { return "lowerdir=" + Directory("a") + ":" + Directory("b"); }
};

TEST_F(Target, MustExist) {
  EXPECT_THAT(MountOn(top_ + "/missing", Options()), HasError(ErrorKind::kMount, "does not exist"));
}

TEST_F(Target, MustBeADirectory) {
  const std::string directory = LayerWithFile("d", "file");
  EXPECT_THAT(MountOn(directory + "/file", Options()),
              HasError(ErrorKind::kMount, "not a directory"));
}

TEST_F(Target, MustNotBeALink) {
  const std::string link = top_ + "/link";
  std::filesystem::create_directory_symlink(target_, link);
  EXPECT_THAT(MountOn(link, Options()), HasError(ErrorKind::kMount, "symbolic link"));
}

TEST_F(Target, MustNotBeALinkBehindASlashEither) {
  const std::string link = top_ + "/link";
  std::filesystem::create_directory_symlink(target_, link);
  EXPECT_THAT(MountOn(link + "/", Options()), HasError(ErrorKind::kMount, "symbolic link"));
}

// dir/below/.. cannot be walked once the mount covers dir.
TEST_F(Target, MayBeNamedThroughItself) {
  Directory("target/below");
  ASSERT_THAT(MountOn(target_ + "/below/..", Options() + ",private"), IsOk());
  EXPECT_EQ(MountsAt(target_).size(), 1U);
}

TEST_F(Target, MayHaveLinksInItsParents) {
  const std::string link = top_ + "/link";
  const std::string inner = Directory("parent/inner");
  std::filesystem::create_directory_symlink(top_ + "/parent", link);
  ASSERT_THAT(MountOn(link + "/inner", Options()), IsOk());
  EXPECT_EQ(MountsAt(inner).size(), 1U);
}

// Whoever swaps the path after it was opened does not move the mount.
TEST_F(Target, StaysTheDirectoryThatWasOpened) {
  const Result<MountTarget> target = OpenMountTarget(target_);
  ASSERT_THAT(target, IsOk());
  const std::string moved = top_ + "/moved";
  std::filesystem::rename(target_, moved);
  std::filesystem::create_directory(target_);
  const Result<MountRequest> request =
      ParseMountRequest({.source = "overlay", .target = target_, .options = Options()});
  ASSERT_THAT(ExecutePlan(*PlanMount(*request, {}), *target, notes_), IsOk());
  EXPECT_EQ(MountsAt(moved).size(), 1U);
  EXPECT_TRUE(MountsAt(target_).empty());
}

}  // namespace
}  // namespace nydus
