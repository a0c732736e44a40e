// SPDX-License-Identifier: Apache-2.0
#include "kata/agent_storage.h"

#include <gtest/gtest.h>

namespace nydus {
namespace {

// The texts that a kata-agent 4.1.0 was given and ran a container from.
constexpr char kShared[] =
    R"({"driver":"virtio-fs","driver_options":[],"source":"kataShared","fstype":"virtiofs",)"
    R"("options":["nodev"],"mount_point":"/run/kata-containers/shared/"})";
constexpr char kOverlay[] =
    R"({"driver":"overlayfs","driver_options":[],"source":"overlay","fstype":"overlay",)"
    R"("options":["upperdir=/run/kata-containers/shared/containers/c1/snapshotdir/fs",)"
    R"("workdir=/run/kata-containers/shared/containers/c1/snapshotdir/work",)"
    R"("lowerdir=/run/kata-containers/shared/rafs/c1/lowerdir","index=off"],)"
    R"("mount_point":"/run/kata-containers/shared/containers/c1/rootfs"})";

TEST(AgentStorage, TheSharedDirectoryIsMountedAtItsRoot) {
  EXPECT_EQ(FormatAgentStorage(SharedDirectoryStorage()), kShared);
}

TEST(AgentStorage, TheOverlayHasKatasOptionsInKatasOrder) {
  EXPECT_EQ(FormatAgentStorage(OverlayStorage("c1")), kOverlay);
}

TEST(AgentStorage, AContainersDescriptionListsItsStorages) {
  EXPECT_EQ(FormatContainerDescription({OverlayStorage("c1")}),
            std::string(R"({"storages":[)") + kOverlay + "]}");
}

TEST(AgentStorage, ADescriptionWithoutStoragesStillHasTheList) {
  EXPECT_EQ(FormatContainerDescription({}), R"({"storages":[]})");
}

TEST(AgentStorage, ARootFileSystemInTheShareIsAPathWithoutStorages) {
  EXPECT_EQ(FormatRootfsDescription("c1"),
            R"({"storages":[],"root_path":"/run/kata-containers/shared/containers/c1/rootfs"})");
}

}  // namespace
}  // namespace nydus
