// SPDX-License-Identifier: Apache-2.0
//
// What a kata-agent 4.1.0 answered to storages that were wrong in one way each. None of ours is.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kata/agent_storage.h"
#include "kata/volume_storage.h"
#include "snapshot/payload/json_text.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/kata/volumes.h"

namespace nydus {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

void Append(std::vector<AgentStorage>& all, const std::vector<KataVolume>& volumes,
            const BlockAddresses& addresses) {
  const Result<VolumeHandOver> result = DescribeVolumes(volumes, "c1", addresses);
  ASSERT_THAT(result, IsOk());
  ASSERT_FALSE(result->storages.empty());
  all.insert(all.end(), result->storages.begin(), result->storages.end());
}

// Every kind that is made for containers.
std::vector<AgentStorage> ContainerStorages() {
  std::vector<AgentStorage> all = {OverlayStorage("c1")};
  Append(all, {GuestPull({{"key", "value"}})}, {});
  Append(all, {NydusImage()}, {});
  Append(all, {LayerDisk(2), LayerDisk(1), DirectBlock()},
         {.driver = BlockDriver::kScsi, .addresses = {"0:1", "0:2", "0:3"}, .partitions = {}});
  KataVolume verity = ImageDisk();
  verity.dm_verity = TarfsVerity();
  Append(all, {verity}, {.driver = BlockDriver::kPci, .addresses = {"02"}, .partitions = {1}});
  for (const auto& [driver, address] : {std::pair{BlockDriver::kMmio, "/dev/vda"},
                                        {BlockDriver::kCcw, "0.0.0005"},
                                        {BlockDriver::kNvdimm, "/dev/pmem0"}}) {
    Append(all, {ImageDisk()}, {.driver = driver, .addresses = {address}, .partitions = {}});
  }
  return all;
}

std::vector<AgentStorage> AllStorages() {
  std::vector<AgentStorage> all = ContainerStorages();
  all.push_back(SharedDirectoryStorage());
  return all;
}

JsonValue Written(const AgentStorage& storage) {
  return *ParseJson(FormatAgentStorage(storage));
}

// fs_type, mountPoint and any other key: dropped, then "need mount FS type" or "Invalid path". With
// the same list there is no shared (outlives the container), no fs_group (copies the whole lower
// layer up) and no group_change_policy (must be a number).
TEST(AgentAnswers, NoMemberIsUnknownOrHarmful) {
  for (const AgentStorage& storage : AllStorages()) {
    EXPECT_THAT(Written(storage).keys, ElementsAre("driver", "driver_options", "source", "fstype",
                                                   "options", "mount_point"));
  }
}

// "Failed to find the storage handler"
TEST(AgentAnswers, EveryDriverHasAHandler) {
  for (const AgentStorage& storage : AllStorages()) {
    EXPECT_THAT(storage.driver, AnyOf("overlayfs", "virtio-fs", "image_guest_pull", "blk", "scsi",
                                      "mmioblk", "blk-ccw", "nvdimm"));
  }
}

// "need mount source", "need mount FS type", "Invalid path"
TEST(AgentAnswers, NothingThatIsNeededIsEmpty) {
  for (const AgentStorage& storage : AllStorages()) {
    EXPECT_FALSE(storage.source.empty()) << storage.driver;
    EXPECT_FALSE(storage.fs_type.empty()) << storage.driver;
    EXPECT_THAT(storage.mount_point, StartsWith("/run/kata-containers/")) << storage.driver;
  }
}

// driver_options: null and options as a string are refused.
TEST(AgentAnswers, OptionsAreListsEvenIfEmpty) {
  for (const AgentStorage& storage : AllStorages()) {
    const JsonValue written = Written(storage);
    EXPECT_EQ(written.elements[1].kind, JsonValue::Kind::kArray);
    EXPECT_EQ(written.elements[4].kind, JsonValue::Kind::kArray);
  }
}

TEST(AgentAnswers, EachOptionIsAnElement) {
  for (const AgentStorage& storage : AllStorages()) {
    for (const std::string& option : storage.options) EXPECT_FALSE(option.contains(','));
  }
  KataVolume image = ImageDisk();
  image.fs_type = "ext4";
  image.options = {"ro,noatime", "", "nodiratime"};
  const Result<VolumeHandOver> result =
      DescribeVolumes(std::vector{image}, "c1",
                      {.driver = BlockDriver::kPci, .addresses = {"02"}, .partitions = {}});
  EXPECT_THAT(result->storages[0].options, ElementsAre("ro", "noatime", "nodiratime"));
}

// EINVAL, which io.katacontainers.fs-opt.overlay-rw gets too, though the agent heeds it.
TEST(AgentAnswers, NoOptionForSomebodyElseReachesTheKernel) {
  for (const AgentStorage& storage : AllStorages()) {
    for (const std::string& option : storage.options) {
      EXPECT_THAT(option, Not(AnyOf(StartsWith("io.katacontainers."), StartsWith("extraoption="))));
    }
  }
  for (const char* option :
       {"io.katacontainers.fs-opt.overlay-rw", "io.katacontainers.volume=e30=", "extraoption=e30=",
        "X-kata.overlay-upper", "x-systemd.automount", "loop"}) {
    for (KataVolume volume : {ImageDisk(), DirectBlock()}) {
      volume.options = {"ro", option};
      EXPECT_THAT(DescribeVolumes(std::vector{volume}, "c1", {}),
                  HasError(ErrorKind::kUsage, "is no option of a mount in the guest"));
    }
  }
}

// "Mount option exceeds 4K size"
TEST(AgentAnswers, OptionsFitInAPage) {
  KataVolume image = ImageDisk();
  image.options = {std::string(4094, 'x')};
  EXPECT_THAT(DescribeVolumes(std::vector{image}, "c1", {}), IsOk());
  image.options = {std::string(4094, 'x'), "ro"};
  EXPECT_THAT(DescribeVolumes(std::vector{image}, "c1", {}),
              HasError(ErrorKind::kUsage, "options: are longer than 4095 bytes"));
}

// A destination that is an overlay already is kept, with the old content, and later unmounted.
TEST(AgentAnswers, NoTwoContainersHaveOneDestination) {
  EXPECT_NE(OverlayStorage("c1").mount_point, OverlayStorage("c2").mount_point);
  EXPECT_NE(DescribeVolumes(std::vector{GuestPull()}, "c1", {})->storages[0].mount_point,
            DescribeVolumes(std::vector{GuestPull()}, "c2", {})->storages[0].mount_point);
}

// io.katacontainers.volume.overlayfs.create_directory= makes directories: ours are there.
TEST(AgentAnswers, OnlyGuestPullHasOptionsForItsDriver) {
  for (const AgentStorage& storage : AllStorages()) {
    EXPECT_EQ(storage.driver_options.empty(), storage.driver != "image_guest_pull");
  }
}

// CreateSandbox deletes all below /run/kata-containers, which is the host's data if the share is
// mounted there twice.
TEST(AgentAnswers, TheShareIsNoContainersStorage) {
  for (const AgentStorage& storage : ContainerStorages()) {
    EXPECT_NE(storage.driver, SharedDirectoryStorage().driver);
    EXPECT_NE(storage.mount_point, SharedDirectoryStorage().mount_point);
  }
}

}  // namespace
}  // namespace nydus
