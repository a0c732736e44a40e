// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_paths.h"

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(SandboxPaths, OfRootLieInRun) {
  const KataDirectories directories = DirectoriesFor("");
  EXPECT_EQ(directories.state, "/run/nydus-overlayfs");
  EXPECT_EQ(directories.sandboxes, "/run/kata-containers/shared/sandboxes");
  EXPECT_EQ(directories.direct_volumes, "/run/kata-containers/shared/direct-volumes");
}

TEST(SandboxPaths, OfARootlessUserLieInTheirDirectory) {
  const KataDirectories directories = DirectoriesFor("/run/user/1000");
  EXPECT_EQ(directories.state, "/run/user/1000/nydus-overlayfs");
  EXPECT_EQ(directories.sandboxes, "/run/user/1000/run/kata-containers/shared/sandboxes");
  EXPECT_EQ(directories.direct_volumes, "/run/user/1000/run/kata-containers/shared/direct-volumes");
}

TEST(SandboxPaths, GoServesTheViewAndRustTheSubmounts) {
  EXPECT_EQ(NamesOf(ShareLayout::kGo).submounts, "mounts");
  EXPECT_EQ(NamesOf(ShareLayout::kGo).served, "shared");
  EXPECT_EQ(NamesOf(ShareLayout::kRust).view, "ro");
  EXPECT_EQ(NamesOf(ShareLayout::kRust).served, "rw");
}

TEST(SandboxPaths, InTheGuestAreKatas) {
  EXPECT_EQ(GuestSubmount("c1"), "/run/kata-containers/shared/containers/c1");
  EXPECT_EQ(GuestLowerDirectory("c1"), "/run/kata-containers/shared/rafs/c1/lowerdir");
  EXPECT_EQ(GuestVolumeRootfs("c1"), "/run/kata-containers/c1/rootfs");
}

}  // namespace
}  // namespace nydus
