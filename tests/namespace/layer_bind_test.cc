// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/layer_bind.h"

#include <sys/mount.h>

#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

using LayerBind = MountLab;

TEST_F(LayerBind, IsReadOnlyWhateverIsAsked) {
  const std::string layer = LayerWithFile("a", "file");
  ASSERT_THAT(MountAtTarget("rw,lowerdir=" + layer + ",dev,suid"), IsOk());
  EXPECT_EQ(TheMount().options, "ro,relatime");
  EXPECT_EQ(ReadFile(target_ + "/file"), layer);
}

// nydusd mounts with nosuid, nodev and noatime; a bind would inherit them.
TEST_F(LayerBind, DoesNotInheritTheFlagsOfTheLayersMount) {
  const std::string layer = Directory("a");
  ASSERT_EQ(mount("tmpfs", layer.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME, nullptr), 0);
  ASSERT_THAT(MountAtTarget("lowerdir=" + layer), IsOk());
  EXPECT_EQ(TheMount().options, "ro,relatime");
}

TEST_F(LayerBind, TakesFlagsOfItsOwn) {
  ASSERT_THAT(MountAtTarget("lowerdir=" + Directory("a") + ",nosuid,noexec,noatime"), IsOk());
  EXPECT_EQ(TheMount().options, "ro,nosuid,noexec,noatime");
}

TEST_F(LayerBind, LeavesTheLayersMountAlone) {
  const std::string layer = Directory("a");
  ASSERT_EQ(mount("tmpfs", layer.c_str(), "tmpfs", 0, nullptr), 0);
  ASSERT_THAT(MountAtTarget("lowerdir=" + layer + ",nodev"), IsOk());
  EXPECT_EQ(MountsAt(layer).back().options, "rw,relatime");
}

TEST_F(LayerBind, DoesNotTakeTheMountsBelowTheLayer) {
  const std::string layer = Directory("a");
  const std::string inner = LayerWithFile("a/inner", "hidden");
  ASSERT_EQ(mount("tmpfs", inner.c_str(), "tmpfs", 0, nullptr), 0);
  ASSERT_THAT(MountAtTarget("lowerdir=" + layer), IsOk());
  EXPECT_TRUE(MountsAt(target_ + "/inner").empty());
}

TEST_F(LayerBind, IsNoPeerOfTheLayersMount) {
  const std::string layer = Directory("a");
  ASSERT_EQ(mount("tmpfs", layer.c_str(), "tmpfs", 0, nullptr), 0);
  ASSERT_EQ(mount(nullptr, layer.c_str(), nullptr, MS_SHARED, nullptr), 0);
  ASSERT_THAT(MountAtTarget("lowerdir=" + layer), IsOk());
  EXPECT_EQ(TheMount().propagation, "");
}

TEST_F(LayerBind, MissingLayerIsNamed) {
  EXPECT_THAT(MountAtTarget("lowerdir=" + top_ + "/missing"),
              HasError(ErrorKind::kMount, "lower directory"));
}

TEST_F(LayerBind, LayerThatIsAFileIsRefused) {
  const std::string directory = LayerWithFile("a", "file");
  EXPECT_THAT(MountAtTarget("lowerdir=" + directory + "/file"),
              HasError(ErrorKind::kMount, "Not a directory"));
}

}  // namespace
}  // namespace nydus
