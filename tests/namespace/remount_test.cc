// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/remount.h"

#include <fstream>

#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

class RemountOverlay : public MountLab {
 protected:
  void MountWith(const std::string& flags) {
    ASSERT_THAT(MountAtTarget("lowerdir=" + Directory("a") + "," + UpperAndWork() + "," + flags),
                IsOk());
  }
};

TEST_F(RemountOverlay, ChangesOnlyWhatIsNamed) {
  MountWith("nosuid,nodev,noatime");
  ASSERT_THAT(MountAtTarget("remount,ro"), IsOk());
  EXPECT_EQ(TheMount().options, "ro,nosuid,nodev,noatime");
  ASSERT_THAT(MountAtTarget("remount,suid"), IsOk());
  EXPECT_EQ(TheMount().options, "ro,nodev,noatime");
}

TEST_F(RemountOverlay, ReadWriteAfterReadOnlyCanWrite) {
  MountWith("ro");
  ASSERT_THAT(MountAtTarget("remount,rw"), IsOk());
  EXPECT_THAT(TheMount().super_options, testing::StartsWith("rw,"));
  EXPECT_TRUE(std::ofstream(target_ + "/new").good());
}

TEST_F(RemountOverlay, ChangesAtime) {
  MountWith("noatime,nodev");
  ASSERT_THAT(MountAtTarget("remount,relatime"), IsOk());
  EXPECT_EQ(TheMount().options, "rw,nodev,relatime");
  ASSERT_THAT(MountAtTarget("remount,strictatime"), IsOk());
  EXPECT_EQ(TheMount().options, "rw,nodev");
}

TEST_F(RemountOverlay, NeedsAMount) {
  for (const std::string flags : {"ro", "rw", "suid", "defaults"}) {
    EXPECT_THAT(MountOn(Directory("plain"), "remount," + flags),
                HasError(ErrorKind::kMount, "not a mount point"));
  }
}

TEST_F(RemountOverlay, CannotSetIversion) {
  MountWith("rw");
  EXPECT_THAT(MountAtTarget("remount,iversion"), HasError(ErrorKind::kMount, "'iversion'"));
}

TEST_F(RemountOverlay, SingleLayerStaysReadOnly) {
  ASSERT_THAT(MountAtTarget("lowerdir=" + Directory("a")), IsOk());
  ASSERT_THAT(MountAtTarget("remount,rw,nodev"), IsOk());
  EXPECT_EQ(TheMount().options, "ro,nodev,relatime");
  EXPECT_THAT(notes_, testing::Contains(testing::HasSubstr("stays read-only")));
}

}  // namespace
}  // namespace nydus
