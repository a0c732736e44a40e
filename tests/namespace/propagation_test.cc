// SPDX-License-Identifier: Apache-2.0
#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

using Propagation = MountLab;

TEST_F(Propagation, IsSetAfterTheMount) {
  ASSERT_THAT(MountAtTarget("lowerdir=" + Directory("a") + ":" + Directory("b") + ",shared"),
              IsOk());
  EXPECT_THAT(TheMount().propagation, testing::StartsWith("shared:"));
}

TEST_F(Propagation, LastWordIsAppliedLast) {
  ASSERT_THAT(MountAtTarget("lowerdir=" + Directory("a") + ",shared,private"), IsOk());
  EXPECT_EQ(TheMount().propagation, "");
}

TEST_F(Propagation, ConcernsTheNewMountOnly) {
  ASSERT_THAT(MountAtTarget("lowerdir=" + Directory("a") + ":" + Directory("b") + ",shared"),
              IsOk());
  EXPECT_EQ(MountsAt(top_).back().propagation, "");
}

}  // namespace
}  // namespace nydus
