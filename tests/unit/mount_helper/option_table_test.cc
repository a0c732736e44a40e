// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/option_table.h"

#include <sys/mount.h>

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "base/mount_api/mount_api.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

MountFlags Named(std::initializer_list<std::string_view> words) {
  MountFlags flags;
  for (const std::string_view word : words) {
    const OptionRow* row = FindOption(word, false);
    EXPECT_NE(row, nullptr) << word;
    if (row != nullptr) flags.Apply(*row);
  }
  return flags;
}

TEST(OptionTable, NamesEachOptionOnce) {
  std::set<std::string_view> names;
  for (const OptionRow& row : OptionTable()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

TEST(OptionTable, EveryClearingWordHasASettingOne) {
  const auto table = OptionTable();
  for (const OptionRow& row : table) {
    if (row.set) continue;
    EXPECT_TRUE(std::ranges::any_of(table, [&](const OptionRow& other) {
      return other.set && other.kind == row.kind && other.mount_flag == row.mount_flag &&
             other.attribute == row.attribute && other.atime == row.atime;
    })) << row.name;
  }
}

TEST(OptionTable, EveryFlagHasABit) {
  for (const OptionRow& row : OptionTable()) {
    if (row.kind == OptionKind::kAttribute) {
      EXPECT_NE(row.mount_flag, 0U) << row.name;
      EXPECT_NE(row.attribute, 0U) << row.name;
    }
    if (row.kind == OptionKind::kSuperBlock || row.kind == OptionKind::kPropagation) {
      EXPECT_NE(row.mount_flag, 0U) << row.name;
    }
    EXPECT_EQ(row.kind == OptionKind::kRefused, !row.reason.empty()) << row.name;
  }
}

TEST(OptionTable, LastWordWins) {
  EXPECT_EQ(MountFlagBits(Named({"ro", "rw"})), 0U);
  EXPECT_EQ(MountFlagBits(Named({"rw", "ro"})), static_cast<unsigned long>(MS_RDONLY));
  EXPECT_EQ(MountFlagBits(Named({"nosuid", "nodev", "dev", "suid"})), 0U);
  EXPECT_EQ(MountFlagBits(Named({"sync", "async"})), 0U);
}

// The Go helper sets MS_NODEV for `dev`, MS_NOSUID for `suid` and MS_RDONLY for `rw`.
TEST(OptionTable, ClearingWordsSetNothing) {
  for (const OptionRow& row : OptionTable()) {
    if (row.set) continue;
    MountFlags flags;
    flags.Apply(row);
    EXPECT_EQ(MountFlagBits(flags), 0U) << row.name;
    EXPECT_EQ(MountAttributes(flags).set, 0U) << row.name;
  }
}

TEST(OptionTable, AtimeIsOneOfThree) {
  EXPECT_EQ(Named({"noatime"}).atime, Atime::kNever);
  EXPECT_EQ(Named({"noatime", "strictatime"}).atime, Atime::kStrict);
  EXPECT_EQ(Named({"strictatime", "noatime"}).atime, Atime::kNever);
  EXPECT_EQ(Named({"noatime", "atime"}).atime, Atime::kRelative);
  EXPECT_EQ(Named({"strictatime", "atime"}).atime, Atime::kStrict);
  EXPECT_EQ(Named({"strictatime", "nostrictatime"}).atime, Atime::kRelative);
  EXPECT_EQ(Named({"noatime", "relatime"}).atime, Atime::kRelative);
  EXPECT_EQ(Named({"nodev"}).atime, std::nullopt);
}

TEST(OptionTable, ReadOnlyIsAFlagOfMountAndSuperBlock) {
  const MountFlags flags = Named({"ro"});
  EXPECT_EQ(MountAttributes(flags).set, kMountAttrRdonly);
  EXPECT_THAT(ContextFlags(flags), ElementsAre("ro"));
}

TEST(OptionTable, SuperBlockFlagsAreNoAttributes) {
  const MountFlags flags = Named({"sync", "dirsync", "lazytime"});
  EXPECT_EQ(MountAttributes(flags).set, 0U);
  EXPECT_THAT(ContextFlags(flags), ElementsAre("sync", "dirsync", "lazytime"));
}

TEST(OptionTable, OnlyIversionIsLostInAContext) {
  EXPECT_EQ(FlagWithoutContextForm(Named({"silent", "noiversion", "sync"})), "");
  EXPECT_EQ(FlagWithoutContextForm(Named({"iversion"})), "iversion");
}

TEST(OptionTable, AttributesOfARemountNameWhatIsCleared) {
  const AttributeBits bits = MountAttributes(Named({"rw", "nodev"}));
  EXPECT_EQ(bits.set, kMountAttrNodev);
  EXPECT_EQ(bits.clear, kMountAttrRdonly);
}

TEST(OptionTable, ChangingAtimeClearsTheWholeField) {
  const AttributeBits bits = MountAttributes(Named({"noatime"}));
  EXPECT_EQ(bits.set, kMountAttrNoatime);
  EXPECT_EQ(bits.clear, kMountAttrAtimeMask);
}

TEST(OptionTable, LongestPrefixWins) {
  EXPECT_EQ(FindOption("X-mount.mkdir", true)->kind, OptionKind::kDropped);
  EXPECT_EQ(FindOption("X-containerd.mkdir.path", true)->kind, OptionKind::kRefused);
  EXPECT_EQ(FindOption("nydus.mode", true)->kind, OptionKind::kMode);
  EXPECT_EQ(FindOption("nydus.future", true)->kind, OptionKind::kRefused);
}

TEST(OptionTable, BareWordWithAValueIsAnotherOption) {
  EXPECT_EQ(FindOption("ro", true), nullptr);
  EXPECT_NE(FindOption("user", true), nullptr);
  EXPECT_NE(FindOption("user", false), nullptr);
}

TEST(OptionTable, FlagsAreNamed) {
  EXPECT_EQ(FlagNames(MountFlags()), "defaults");
  EXPECT_EQ(FlagNames(Named({"noatime", "ro"})), "ro,noatime");
}

}  // namespace
}  // namespace nydus
