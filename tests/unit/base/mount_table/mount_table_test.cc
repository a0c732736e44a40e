// SPDX-License-Identifier: Apache-2.0
#include "base/mount_table/mount_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MountTable, ReadsMountsInTheirOrder) {
  const TempDir dir;
  const std::string path = dir.Write(
      "mountinfo",
      "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
      "40 27 0:50 / /run/a rw shared:4 - tmpfs tmpfs rw\n"
      "41 40 0:51 / /run/a rw,nosuid shared:5 master:2 - overlay overlay rw,lowerdir=/x:/y\n");
  const auto mounts = ReadMountTable(path);
  ASSERT_THAT(mounts, IsOk());
  EXPECT_THAT(*mounts, ElementsAre(MountEntry{27, "/", "ext4", "/dev/vda"},
                                   MountEntry{40, "/run/a", "tmpfs", "tmpfs", true},
                                   MountEntry{41, "/run/a", "overlay", "overlay", true}));
}

TEST(MountTable, TellsSharedMountsFromSlavesAndPrivateOnes) {
  const TempDir dir;
  const std::string path = dir.Write("mountinfo",
                                     "1 1 0:1 / /private rw - tmpfs tmpfs rw\n"
                                     "2 1 0:1 / /slave rw master:7 propagate_from:2 - tmpfs x rw\n"
                                     "3 1 0:1 / /both rw shared:5 master:2 - tmpfs x rw\n"
                                     "4 1 0:1 / /unbindable rw unbindable - tmpfs shared:1 rw\n");
  const auto mounts = ReadMountTable(path);
  ASSERT_THAT(mounts, IsOk());
  std::vector<bool> shared;
  for (const MountEntry& mount : *mounts) shared.push_back(mount.is_shared);
  EXPECT_THAT(shared, ElementsAre(false, false, true, false));
}

TEST(MountTable, UndoesTheKernelsEscapes) {
  const TempDir dir;
  const std::string path =
      dir.Write("mountinfo", R"(5 1 0:9 / /a\040b\011c\134d rw - fuse.x s\040y rw)"
                             "\n");
  const auto mounts = ReadMountTable(path);
  ASSERT_THAT(mounts, IsOk());
  EXPECT_THAT(*mounts, ElementsAre(MountEntry{5, "/a b\tc\\d", "fuse.x", "s y"}));
}

TEST(MountTable, AnEmptyTableHasNoMounts) {
  const TempDir dir;
  const auto mounts = ReadMountTable(dir.Write("mountinfo", ""));
  ASSERT_THAT(mounts, IsOk());
  EXPECT_THAT(*mounts, IsEmpty());
}

TEST(MountTable, ReadsTheKernelsOwn) {
  const auto mounts = ReadMountTable("/proc/self/mountinfo");
  ASSERT_THAT(mounts, IsOk());
  // Not "/": a process in a chroot does not see its own.
  EXPECT_THAT(*mounts, testing::Contains(testing::Field(&MountEntry::type, "proc")));
}

TEST(MountTable, AMissingFileIsAnError) {
  const TempDir dir;
  const auto mounts = ReadMountTable(dir.PathOf("absent"));
  ASSERT_THAT(mounts, HasError(ErrorKind::kSystem, "absent"));
  EXPECT_EQ(mounts.error().errno_value, ENOENT);
}

TEST(MountTable, ALineThatIsNoMountIsAnError) {
  const TempDir dir;
  EXPECT_THAT(ReadMountTable(dir.Write("mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\nno\n")),
              HasError(ErrorKind::kSystem, "mountinfo"));
}

}  // namespace
}  // namespace nydus
