// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "snapshot/mount_slice/kata_volumes.h"
#include "snapshot/mount_slice/mount_slice.h"
#include "snapshot/payload/payload_policy.h"
#include "tests/support/captured_command_lines.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

// nydus-snapshotter's slices as they arrived on real command lines: what went into each is read off
// it, and the slice made of that must be the same bytes.
namespace nydus {
namespace {

constexpr const char* kTarfs = "containerd.io/snapshot/nydus-tarfs";

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view After(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

std::string ParentOf(std::string_view path) {
  return std::string(path.substr(0, path.rfind('/')));
}

// The slice's own options: the rest is containerd's and mount(8)'s.
std::vector<std::string> SliceOptions(const CapturedCommandLine& line) {
  std::vector<std::string> options = Split(line.argv.back(), ',');
  std::erase_if(options, [](std::string_view word) {
    return word == "rw" || word == "ro" || word == "dev" || word == "suid";
  });
  return options;
}

struct CapturedSlice {
  std::string name;
  std::vector<std::string> options;
  std::vector<CapturedCommandLine::Payload> payloads;

  [[nodiscard]] bool Has(std::string_view option) const {
    return std::ranges::find(options, option) != options.end();
  }
  [[nodiscard]] std::string ValueOf(std::string_view name_and_sign) const {
    for (const std::string& option : options) {
      if (option.starts_with(name_and_sign)) return std::string(After(option, name_and_sign));
    }
    return {};
  }
  [[nodiscard]] std::vector<std::string> LowerDirectories() const {
    return Split(ValueOf("lowerdir="), ':');
  }
};

std::vector<CapturedSlice> AllCaptured() {
  std::vector<CapturedSlice> all;
  for (const CapturedCommandLine& line : CapturedCommandLines()) {
    std::string name = line.name;
    std::ranges::replace_if(name, [](char c) { return c == '.' || c == '-'; }, '_');
    all.push_back({std::move(name), SliceOptions(line), line.payloads});
  }
  return all;
}

RemoteMountInput RemoteInputOf(const CapturedSlice& slice) {
  RemoteMountInput input{.rafs_directory = slice.LowerDirectories().front(),
                         .is_volatile = slice.Has("volatile")};
  const std::string work = slice.ValueOf("workdir=");
  if (work.empty()) {
    input.snapshot = {.kind = SnapshotKind::kView,
                      .directory = ParentOf(slice.LowerDirectories().back())};
  } else {
    input.snapshot.directory = ParentOf(work);
  }
  return input;
}

Result<Mount> WithExtraOption(const CapturedSlice& slice) {
  const auto option =
      CheckExtraOption(EncodeBase64(slice.payloads.front().json), PayloadPolicy::kStrict);
  if (!option) return Failure(option.error());
  return BuildRemoteMountWithExtraOption(
      RemoteInputOf(slice),
      {.bootstrap = option->source, .config = option->config, .fs_version = option->fs_version});
}

Result<Mount> OfProxy(const CapturedSlice& slice) {
  ProxyMountInput input{.snapshot = {.kind = SnapshotKind::kView, .directory = "/unused"}};
  const std::string work = slice.ValueOf("workdir=");
  if (!work.empty()) input.snapshot = {.directory = ParentOf(work)};
  for (const std::string& layer : slice.LowerDirectories()) {
    if (layer.ends_with("/fs")) {
      input.snapshot.parents.push_back(ParentOf(layer));
    } else {
      input.snapshots_root = layer;
    }
  }
  return BuildProxyMount(input);
}

std::string LabelText(const std::optional<DmVerity>& verity) {
  if (!verity) return {};
  return StrCat(verity->data_blocks, ",", verity->hash_offset, ",sha256:", verity->root_hash);
}

// The labels that the snapshotter had, as the volumes show them.
Result<KataVolumesInput> LabelsBehind(const CapturedSlice& slice) {
  KataVolumesInput input;
  for (const CapturedCommandLine::Payload& payload : slice.payloads) {
    const auto volume = CheckKataVolume(EncodeBase64(payload.json), PayloadPolicy::kStrict);
    if (!volume) return Failure(volume.error());
    if (volume->image_pull) {
      input.annotations = *volume->image_pull->metadata;
      continue;
    }
    input.cache_directory = ParentOf(volume->source);
    const std::string file = volume->source.substr(input.cache_directory.size() + 1);
    const bool whole_image = volume->volume_type == "image_raw_block";
    Labels labels = {{kTarfs, file.substr(0, file.find('.'))}};
    labels.emplace(whole_image ? label::kImageBlock : label::kLayerBlock,
                   LabelText(volume->dm_verity));
    if (input.layers.empty()) input.annotations = RafsAnnotations(labels);
    input.layers.push_back(std::move(labels));
  }
  return input;
}

Result<Mount> WithKataVolumes(const CapturedSlice& slice) {
  const Result<KataVolumesInput> input = LabelsBehind(slice);
  if (!input) return Failure(input.error());
  const auto volumes = KataVolumesFor(*input);
  if (!volumes) return Failure(volumes.error());
  return BuildRemoteMountWithKataVolumes(RemoteInputOf(slice), *volumes);
}

Result<Mount> Rebuild(const CapturedSlice& slice) {
  if (slice.payloads.front().option == "extraoption") return WithExtraOption(slice);
  if (slice.payloads.front().json.ends_with(R"("image_pull":{"metadata":{}}})")) {
    return OfProxy(slice);
  }
  return WithKataVolumes(slice);
}

// A guest-pull volume's options come in Go's random order: compared as a set.
std::vector<std::string> WithSortedVolumeOptions(std::vector<std::string> options) {
  for (std::string& option : options) {
    const std::string_view text = After(option, "io.katacontainers.volume=");
    if (text.empty()) continue;
    Result<KataVolume> volume = CheckKataVolume(text, PayloadPolicy::kStrict);
    if (!volume || !volume->image_pull) continue;
    std::ranges::sort(volume->options);
    option = StrCat("io.katacontainers.volume=", EncodeBase64(FormatKataVolume(*volume)));
  }
  return options;
}

class CapturedSliceTest : public testing::TestWithParam<CapturedSlice> {};

TEST_P(CapturedSliceTest, IsMadeOfTheSameInputsByteForByte) {
  const Result<Mount> mount = Rebuild(GetParam());
  ASSERT_THAT(mount, IsOk());
  EXPECT_EQ(mount->type, "fuse.nydus-overlayfs");
  EXPECT_EQ(mount->source, "overlay");
  EXPECT_THAT(WithSortedVolumeOptions(mount->options),
              testing::ElementsAreArray(WithSortedVolumeOptions(GetParam().options)));
}

INSTANTIATE_TEST_SUITE_P(CommandLine, CapturedSliceTest, testing::ValuesIn(AllCaptured()),
                         NameOfCase());

}  // namespace
}  // namespace nydus
