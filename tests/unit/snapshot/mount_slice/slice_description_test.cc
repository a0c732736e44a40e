// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/slice_description.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Result<SliceDescription> Read(std::string_view text) {
  const Result<JsonValue> json = ParseJson(text);
  if (!json) return Failure(json.error());
  return ReadSliceDescription(*json);
}

Result<Mount> Build(std::string_view text) {
  const Result<SliceDescription> description = Read(text);
  if (!description) return Failure(description.error());
  return BuildMount(*description);
}

TEST(SliceDescription, OfAPlainImageBecomesANativeMount) {
  const auto mount = Build(R"({"directory": "/s/2", "parents": ["/s/1"], "volatile": true})");
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "overlay");
  EXPECT_THAT(mount->options,
              ElementsAre("workdir=/s/2/work", "upperdir=/s/2/fs", "volatile", "lowerdir=/s/1/fs"));
}

TEST(SliceDescription, ReadsVolatileAndIdMappingsFromLabels) {
  const auto mount = Build(R"({"directory": "/s/2", "parents": ["/s/1"], "labels": {
      "containerd.io/snapshot/overlay.volatile": "",
      "containerd.io/snapshot/uidmapping": "0:1000:10",
      "containerd.io/snapshot/gidmapping": "0:1000:10"}})");
  ASSERT_THAT(mount, IsOk());
  EXPECT_THAT(mount->options,
              ElementsAre("workdir=/s/2/work", "upperdir=/s/2/fs", "volatile", "uidmap=0:1000:10",
                          "gidmap=0:1000:10", "lowerdir=/s/1/fs"));
}

TEST(SliceDescription, NamesALabelThatIsWrong) {
  EXPECT_THAT(
      Build(R"({"directory": "/s/2", "labels": {"containerd.io/snapshot/uidmapping": "0:1:1"}})"),
      HasError(ErrorKind::kUsage, "labels: label containerd.io/snapshot/gidmapping: is missing"));
}

TEST(SliceDescription, OfAViewOnRafsBecomesARemoteMount) {
  const auto mount = Build(R"({"kind": "view", "directory": "/s/9",
      "rafs": {"directory": "/s/3/mnt", "layers_above": ["/s/4"]}})");
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "overlay");
  EXPECT_THAT(mount->options, ElementsAre("lowerdir=/s/4/fs:/s/3/mnt:/s/9/fs"));
}

TEST(SliceDescription, WithAnExtraOptionIsForTheHelper) {
  const auto mount = Build(R"({"directory": "/s/9", "helper": "nydus-overlayfs-2",
      "labels": {"containerd.io/snapshot/overlay.volatile": ""},
      "rafs": {"directory": "/s/3/mnt", "extra_option":
          {"bootstrap": "/b", "config": "{}", "fs_version": "v5"}}})");
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "fuse.nydus-overlayfs-2");
  EXPECT_THAT(mount->options, ElementsAre("volatile", "workdir=/s/9/work", "upperdir=/s/9/fs",
                                          "lowerdir=/s/3/mnt", StartsWith("extraoption=")));
}

TEST(SliceDescription, TakesTheAnnotationsFromTheTopLayer) {
  const auto mount = Build(R"({"directory": "/s/9", "rafs": {"directory": "/s/3/fs",
      "kata_volumes": {"cache_directory": "/c", "layers": [
          {"containerd.io/snapshot/nydus-tarfs": "b", "containerd.io/snapshot/nydus-layer-block": ""},
          {"containerd.io/snapshot/nydus-tarfs": "a"}]}}})");
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "fuse.nydus-overlayfs");
  EXPECT_THAT(mount->options,
              ElementsAre("workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s/3/fs",
                          StartsWith("io.katacontainers.volume="),
                          StartsWith("io.katacontainers.volume=")));
}

TEST(SliceDescription, WithoutLabelsForVolumesIsAPlainOverlay) {
  const auto mount = Build(R"({"directory": "/s/9", "rafs": {"directory": "/s/3/mnt",
      "kata_volumes": {"layers": [{"any": "label"}]}}})");
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "overlay");
}

TEST(SliceDescription, OfTheProxyBecomesAProxyMount) {
  const auto mount = Build(R"({"directory": "/s/9", "proxy": {"snapshots_root": "/s"}})");
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "fuse.nydus-overlayfs");
  EXPECT_THAT(mount->options, ElementsAre("workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s",
                                          StartsWith("io.katacontainers.volume=")));
}

TEST(SliceDescription, LeavesAnAbsentVersionToTheCaller) {
  const auto description = Read(R"({"directory": "/s/9", "rafs": {"directory": "/r",
      "extra_option": {"bootstrap": "/b", "config": "{}"}}})");
  ASSERT_THAT(description, IsOk());
  EXPECT_EQ(description->rafs->extra_option->fs_version, "");
  EXPECT_THAT(BuildMount(*description),
              HasError(ErrorKind::kUsage, "fs_version: is neither v5 nor v6"));
}

struct Refused {
  const char* name;
  const char* text;
  const char* message;
};

class RefusedSliceDescription : public testing::TestWithParam<Refused> {};

TEST_P(RefusedSliceDescription, NamesTheField) {
  EXPECT_THAT(Build(GetParam().text), HasError(ErrorKind::kUsage, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Json, RefusedSliceDescription,
    testing::Values(
        Refused{"NoObject", "[]", "is not a JSON object"},
        Refused{"NoDirectory", "{}", "directory: is missing"},
        Refused{"Null", R"({"directory": null})", "directory: is not a string"},
        Refused{"UnknownKey", R"({"directory": "/s/1", "dir": "/s/2"})", "holds an unknown key"},
        Refused{"UnknownKeyInside", R"({"directory": "/s/1", "proxy": {"root": "/s"}})",
                "holds an unknown key"},
        Refused{"KeyInTheWrongCase", R"({"directory": "/s/1", "Kind": "view"})",
                "holds an unknown key"},
        Refused{"DuplicateKey", R"({"directory": "/s/1", "directory": "/s/2"})",
                "directory: is given twice"},
        Refused{"DuplicateLabel", R"({"directory": "/s/1", "labels": {"a": "1", "a": "2"}})",
                "holds a label twice"},
        Refused{"UnknownKind", R"({"directory": "/s/1", "kind": "mine"})",
                "kind: is not active, view or committed"},
        Refused{"VolatileAsText", R"({"directory": "/s/1", "volatile": "yes"})",
                "volatile: is neither true nor false"},
        Refused{"LabelAsNumber", R"({"directory": "/s/1", "labels": {"a": 1}})",
                "labels: is not an object of strings"},
        Refused{"ParentsAsText", R"({"directory": "/s/1", "parents": "/s/0"})",
                "parents: is not a list of strings"},
        Refused{"RafsAndProxy", R"({"directory": "/s/1", "rafs": {"directory": "/r"},
                                    "proxy": {}})",
                "rafs and proxy exclude each other"},
        Refused{"ExtraOptionAndVolumes",
                R"({"directory": "/s/1", "rafs": {"directory": "/r",
                    "extra_option": {"bootstrap": "/b", "config": "{}", "fs_version": "v6"},
                    "kata_volumes": {"layers": []}}})",
                "rafs: extra_option and kata_volumes exclude each other"},
        Refused{"NoConfig",
                R"({"directory": "/s/1", "rafs": {"directory": "/r",
                    "extra_option": {"bootstrap": "/b"}}})",
                "rafs: extra_option: config: is missing"},
        Refused{"LayersAsObject",
                R"({"directory": "/s/1", "rafs": {"directory": "/r",
                    "kata_volumes": {"layers": {}}}})",
                "rafs: kata_volumes: layers: is not an array"},
        Refused{"NoCache",
                R"({"directory": "/s/1", "rafs": {"directory": "/r", "kata_volumes": {"layers":
                    [{"containerd.io/snapshot/nydus-tarfs": "b",
                      "containerd.io/snapshot/nydus-image-block": ""}]}}})",
                "kata_volumes: cache_directory: is missing"},
        Refused{"NoRootForTheProxy", R"({"directory": "/s/1", "proxy": {}})",
                "snapshots_root: is missing"}),
    NameOfCase());

TEST(SliceDescription, MayHave500Layers) {
  const auto with_layers = [](int count) {
    std::string layers = "{}";
    for (int i = 1; i < count; ++i) layers += ",{}";
    return Build(StrCat(R"({"directory": "/s/1", "rafs": {"directory": "/r",
        "kata_volumes": {"layers": [)",
                        layers, "]}}}"));
  };
  EXPECT_THAT(with_layers(500), IsOk());
  EXPECT_THAT(with_layers(501), HasError(ErrorKind::kUsage, "layers: are more than 500"));
}

TEST(SliceDescription, NeverShowsTheConfigurationInAnError) {
  const auto mount = Build(R"({"directory": "/s/9", "rafs": {"directory": "/r",
      "extra_option": {"bootstrap": "", "config": "{\"auth\":\"SECRET\"}", "fs_version": "v6"}}})");
  ASSERT_FALSE(mount.has_value());
  EXPECT_THAT(mount.error().message, HasSubstr("source: is missing"));
  EXPECT_THAT(mount.error().message, Not(HasSubstr("SECRET")));
}

}  // namespace
}  // namespace nydus
