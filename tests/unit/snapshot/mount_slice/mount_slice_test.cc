// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/mount_slice.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {

void PrintTo(const Mount& mount, std::ostream* out) {
  *out << mount.type << " " << mount.source << " " << testing::PrintToString(mount.options);
}

namespace {

using testing::ElementsAre;

Snapshot SnapshotOf(SnapshotKind kind, std::vector<std::string> parents) {
  return {.kind = kind, .directory = "/s/9", .parents = std::move(parents)};
}

Mount Overlay(std::vector<std::string> options) {
  return {.type = "overlay", .source = "overlay", .options = std::move(options)};
}

struct NativeCase {
  const char* name;
  NativeMountInput input;
  Mount mount;
};

const IdMapping kMapping = {0, 100000, 65536};

const NativeCase kNativeCases[] = {
    {"ActiveWithoutParents",
     {.snapshot = SnapshotOf(SnapshotKind::kActive, {})},
     {"bind", "/s/9/fs", {"rw", "rbind"}}},
    {"ViewWithoutParents",
     {.snapshot = SnapshotOf(SnapshotKind::kView, {})},
     {"bind", "/s/9/fs", {"ro", "rbind"}}},
    {"CommittedWithoutParents",
     {.snapshot = SnapshotOf(SnapshotKind::kCommitted, {})},
     {"bind", "/s/9/fs", {"rw", "rbind"}}},
    {"ViewOfOneParent",
     {.snapshot = SnapshotOf(SnapshotKind::kView, {"/s/1"})},
     {"bind", "/s/1/fs", {"ro", "rbind"}}},
    {"CommittedOnOneParent",
     {.snapshot = SnapshotOf(SnapshotKind::kCommitted, {"/s/1"})},
     {"bind", "/s/1/fs", {"ro", "rbind"}}},
    {"ActiveOnOneParent",
     {.snapshot = SnapshotOf(SnapshotKind::kActive, {"/s/1"})},
     {"overlay", "overlay", {"workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s/1/fs"}}},
    {"ActiveOnTwoParentsVolatile",
     {.snapshot = SnapshotOf(SnapshotKind::kActive, {"/s/2", "/s/1"}), .is_volatile = true},
     {"overlay",
      "overlay",
      {"workdir=/s/9/work", "upperdir=/s/9/fs", "volatile", "lowerdir=/s/2/fs:/s/1/fs"}}},
    {"ViewOfTwoParentsIsNeverVolatile",
     {.snapshot = SnapshotOf(SnapshotKind::kView, {"/s/2", "/s/1"}), .is_volatile = true},
     {"overlay", "overlay", {"lowerdir=/s/2/fs:/s/1/fs"}}},
    {"BindIsNeverVolatile",
     {.snapshot = SnapshotOf(SnapshotKind::kActive, {}), .is_volatile = true},
     {"bind", "/s/9/fs", {"rw", "rbind"}}},
    {"MappedBind",
     {.snapshot = SnapshotOf(SnapshotKind::kView, {"/s/1"}), .id_mapping = kMapping},
     {"bind", "/s/1/fs", {"ro", "rbind", "uidmap=0:100000:65536", "gidmap=0:100000:65536"}}},
    {"MappedVolatileOverlay",
     {.snapshot = SnapshotOf(SnapshotKind::kActive, {"/s/1"}),
      .is_volatile = true,
      .id_mapping = kMapping},
     {"overlay",
      "overlay",
      {"workdir=/s/9/work", "upperdir=/s/9/fs", "volatile", "uidmap=0:100000:65536",
       "gidmap=0:100000:65536", "lowerdir=/s/1/fs"}}},
};

class NativeMount : public testing::TestWithParam<NativeCase> {};

TEST_P(NativeMount, IsWhatTheSnapshotterAnswers) {
  EXPECT_EQ(BuildNativeMount(GetParam().input), GetParam().mount);
}

INSTANTIATE_TEST_SUITE_P(Snapshot, NativeMount, testing::ValuesIn(kNativeCases), NameOfCase());

RemoteMountInput Remote(SnapshotKind kind) {
  return {.snapshot = SnapshotOf(kind, {"/s/3"}), .rafs_directory = "/s/3/mnt"};
}

TEST(RemoteMount, OfAnActiveSnapshotIsAnOverlayOnTheRafs) {
  EXPECT_EQ(BuildRemoteMount(Remote(SnapshotKind::kActive)),
            Overlay({"workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s/3/mnt"}));
}

TEST(RemoteMount, OfAViewHasItsOwnDirectoryAsTheLowestLayer) {
  EXPECT_EQ(BuildRemoteMount(Remote(SnapshotKind::kView)), Overlay({"lowerdir=/s/3/mnt:/s/9/fs"}));
}

TEST(RemoteMount, OfACommittedSnapshotIsTheRafsAlone) {
  EXPECT_EQ(BuildRemoteMount(Remote(SnapshotKind::kCommitted)), Overlay({"lowerdir=/s/3/mnt"}));
}

TEST(RemoteMount, PutsVolatileFirstEvenOnAView) {
  RemoteMountInput input = Remote(SnapshotKind::kActive);
  input.is_volatile = true;
  EXPECT_EQ(BuildRemoteMount(input),
            Overlay({"volatile", "workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s/3/mnt"}));
  input.snapshot.kind = SnapshotKind::kView;
  EXPECT_EQ(BuildRemoteMount(input), Overlay({"volatile", "lowerdir=/s/3/mnt:/s/9/fs"}));
}

TEST(RemoteMount, PutsTheLayersAboveTheRafsOnTopOfIt) {
  RemoteMountInput input = Remote(SnapshotKind::kView);
  input.layers_above = {"/s/5", "/s/4"};
  EXPECT_EQ(BuildRemoteMount(input), Overlay({"lowerdir=/s/5/fs:/s/4/fs:/s/3/mnt:/s/9/fs"}));
}

constexpr std::string_view kConfig = R"({"a":"<b> & \"c\""})";

RafsInstance Rafs() {
  return {
      .bootstrap = "/s/3/fs/image/image.boot", .config = std::string(kConfig), .fs_version = "v6"};
}

TEST(RemoteMountWithExtraOption, HasItLast) {
  const auto mount = BuildRemoteMountWithExtraOption(Remote(SnapshotKind::kActive), Rafs());
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "fuse.nydus-overlayfs");
  EXPECT_EQ(mount->source, "overlay");
  // As Go writes it: what HTML treats specially is escaped.
  const std::string json = R"({"source":"/s/3/fs/image/image.boot",)"
                           R"("config":"{\"a\":\"\u003cb\u003e \u0026 \\\"c\\\"\"}",)"
                           R"("snapshotdir":"/s/9","fs_version":"v6"})";
  EXPECT_THAT(mount->options,
              ElementsAre("workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s/3/mnt",
                          StrCat("extraoption=", EncodeBase64(json))));
}

TEST(RemoteMountWithExtraOption, NamesTheFieldThatIsWrong) {
  const RemoteMountInput input = Remote(SnapshotKind::kActive);
  RafsInstance rafs = Rafs();
  rafs.bootstrap.clear();
  EXPECT_THAT(BuildRemoteMountWithExtraOption(input, rafs),
              HasError(ErrorKind::kUsage, "extraoption: source: is missing or empty"));
  rafs = Rafs();
  rafs.config.clear();
  EXPECT_THAT(BuildRemoteMountWithExtraOption(input, rafs), HasError(ErrorKind::kUsage, "config"));
  rafs = Rafs();
  rafs.fs_version = "rafsv6";
  EXPECT_THAT(BuildRemoteMountWithExtraOption(input, rafs),
              HasError(ErrorKind::kUsage, "fs_version: is neither v5 nor v6"));
}

TEST(RemoteMountWithExtraOption, RefusesAPayloadThatNobodyWouldReadWithoutShowingIt) {
  RafsInstance rafs = Rafs();
  rafs.config = std::string(std::size_t{128} * 1024, 'S');
  const auto mount = BuildRemoteMountWithExtraOption(Remote(SnapshotKind::kActive), rafs);
  EXPECT_THAT(mount, HasError(ErrorKind::kUsage, "extraoption: is longer than 131072 bytes"));
  ASSERT_FALSE(mount.has_value());
  EXPECT_EQ(mount.error().message.find("SSS"), std::string::npos);
}

KataVolume Disk(std::string source) {
  return {.volume_type = "layer_raw_block",
          .source = std::move(source),
          .fs_type = "erofs",
          .options = {"ro"}};
}

TEST(RemoteMountWithKataVolumes, HasThemLastInTheirOrder) {
  const auto mount = BuildRemoteMountWithKataVolumes(Remote(SnapshotKind::kActive),
                                                     {Disk("/top"), Disk("/lowest")});
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "fuse.nydus-overlayfs");
  const auto option = [](std::string_view source) {
    return StrCat("io.katacontainers.volume=",
                  EncodeBase64(StrCat(R"({"volume_type":"layer_raw_block","source":")", source,
                                      R"(","fs_type":"erofs","options":["ro"]})")));
  };
  EXPECT_THAT(mount->options, ElementsAre("workdir=/s/9/work", "upperdir=/s/9/fs",
                                          "lowerdir=/s/3/mnt", option("/top"), option("/lowest")));
}

TEST(RemoteMountWithKataVolumes, IsAPlainOverlayWithoutAny) {
  const RemoteMountInput input = Remote(SnapshotKind::kActive);
  EXPECT_EQ(BuildRemoteMountWithKataVolumes(input, {}), BuildRemoteMount(input));
}

TEST(RemoteMountWithKataVolumes, RefusesAVolumeThatTheSnapshotterWouldRefuse) {
  EXPECT_THAT(
      BuildRemoteMountWithKataVolumes(Remote(SnapshotKind::kActive), {Disk("/top"), Disk("")}),
      HasError(ErrorKind::kUsage, "volume 2 of 2: source: is missing or empty"));
}

std::string DummyVolume() {
  return StrCat("io.katacontainers.volume=",
                EncodeBase64(R"({"volume_type":"image_guest_pull",)"
                             R"("source":"dummy-image-reference","image_pull":{"metadata":{}}})"));
}

TEST(ProxyMount, OfAnActiveSnapshotHasAllParentsAndTheDummyVolume) {
  const auto mount =
      BuildProxyMount({.snapshot = SnapshotOf(SnapshotKind::kActive, {"/s/2", "/s/1"})});
  EXPECT_EQ(mount, (Mount{.type = "fuse.nydus-overlayfs",
                          .source = "overlay",
                          .options = {"workdir=/s/9/work", "upperdir=/s/9/fs",
                                      "lowerdir=/s/2/fs:/s/1/fs", DummyVolume()}}));
}

TEST(ProxyMount, OfAViewIsItsParents) {
  const auto mount = BuildProxyMount({.snapshot = SnapshotOf(SnapshotKind::kView, {"/s/1"})});
  ASSERT_THAT(mount, IsOk());
  EXPECT_THAT(mount->options, ElementsAre("lowerdir=/s/1/fs", DummyVolume()));
}

TEST(ProxyMount, WithoutParentsLiesOnTheDirectoryOfAllSnapshots) {
  ProxyMountInput input = {.snapshot = SnapshotOf(SnapshotKind::kActive, {}),
                           .snapshots_root = "/s"};
  const auto mount = BuildProxyMount(input);
  ASSERT_THAT(mount, IsOk());
  EXPECT_THAT(mount->options,
              ElementsAre("workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s", DummyVolume()));
  input.snapshots_root.clear();
  EXPECT_THAT(BuildProxyMount(input), HasError(ErrorKind::kUsage, "snapshots_root: is missing"));
}

TEST(HelperType, IsWhatNydusOverlayfsPathSays) {
  RemoteMountInput input = Remote(SnapshotKind::kActive);
  input.helper = "/usr/local/bin/nydus-overlayfs";
  const auto extra = BuildRemoteMountWithExtraOption(input, Rafs());
  ASSERT_THAT(extra, IsOk());
  EXPECT_EQ(extra->type, "fuse./usr/local/bin/nydus-overlayfs");
  const auto volumes = BuildRemoteMountWithKataVolumes(input, {Disk("/d")});
  ASSERT_THAT(volumes, IsOk());
  EXPECT_EQ(volumes->type, "fuse./usr/local/bin/nydus-overlayfs");
  const auto proxy = BuildProxyMount(
      {.snapshot = SnapshotOf(SnapshotKind::kActive, {"/s/1"}), .helper = "nydus-overlayfs-1"});
  ASSERT_THAT(proxy, IsOk());
  EXPECT_EQ(proxy->type, "fuse.nydus-overlayfs-1");
}

TEST(HelperType, IsOneWord) {
  RemoteMountInput input = Remote(SnapshotKind::kActive);
  for (const char* helper : {"a b", "a,b", "a\tb", "a\nb"}) {
    input.helper = helper;
    EXPECT_THAT(BuildRemoteMountWithExtraOption(input, Rafs()),
                HasError(ErrorKind::kUsage, "helper: "));
  }
}

TEST(Directories, AreAbsoluteAndNeedNoEscapes) {
  for (const char* directory : {"", "s/9", "/s,9", "/s:9", "/s\\9"}) {
    Snapshot snapshot = SnapshotOf(SnapshotKind::kActive, {"/s/1"});
    snapshot.directory = directory;
    EXPECT_THAT(BuildNativeMount({.snapshot = snapshot}),
                HasError(ErrorKind::kUsage, "directory: "));
    EXPECT_THAT(BuildProxyMount({.snapshot = snapshot}),
                HasError(ErrorKind::kUsage, "directory: "));
    EXPECT_THAT(BuildNativeMount({.snapshot = SnapshotOf(SnapshotKind::kActive, {directory})}),
                HasError(ErrorKind::kUsage, "parents: "));
    RemoteMountInput remote = Remote(SnapshotKind::kActive);
    remote.rafs_directory = directory;
    EXPECT_THAT(BuildRemoteMount(remote), HasError(ErrorKind::kUsage, "rafs_directory: "));
    remote = Remote(SnapshotKind::kActive);
    remote.layers_above = {directory};
    EXPECT_THAT(BuildRemoteMount(remote), HasError(ErrorKind::kUsage, "layers_above: "));
  }
}

TEST(Directories, MayEndInAnEqualsSign) {
  RemoteMountInput input = Remote(SnapshotKind::kView);
  input.rafs_directory = "/m=";
  EXPECT_EQ(BuildRemoteMount(input), Overlay({"lowerdir=/m=:/s/9/fs"}));
}

TEST(Directories, LoseSlashesAtTheirEnd) {
  Snapshot snapshot = SnapshotOf(SnapshotKind::kActive, {"/s/1//"});
  snapshot.directory = "/s/9/";
  EXPECT_EQ(BuildNativeMount({.snapshot = snapshot}),
            Overlay({"workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s/1/fs"}));
}

TEST(Directories, AreAtMostAsManyAsTheKernelStacks) {
  std::vector<std::string> parents(500, "/s/1");
  EXPECT_THAT(BuildNativeMount({.snapshot = SnapshotOf(SnapshotKind::kActive, parents)}), IsOk());
  parents.emplace_back("/s/1");
  EXPECT_THAT(BuildNativeMount({.snapshot = SnapshotOf(SnapshotKind::kActive, parents)}),
              HasError(ErrorKind::kUsage, "parents: are more than 500"));
}

}  // namespace
}  // namespace nydus
