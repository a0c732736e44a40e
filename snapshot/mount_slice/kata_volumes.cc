// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/kata_volumes.h"

#include <initializer_list>
#include <optional>
#include <utility>

#include "base/text.h"
#include "snapshot/mount_slice/directory.h"
#include "snapshot/mount_slice/mount_slice.h"
#include "snapshot/payload/verity_label.h"

namespace nydus {

namespace {

const std::string* Find(const Labels& labels, std::string_view name) {
  const auto found = labels.find(std::string(name));
  return found == labels.end() ? nullptr : &found->second;
}

Labels Keep(const Labels& labels, std::initializer_list<std::string_view> names) {
  Labels kept;
  for (const std::string_view name : names) {
    if (const std::string* value = Find(labels, name)) kept.emplace(name, *value);
  }
  return kept;
}

Failure Bad(std::string_view label, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat("label ", label, ": ", why));
}

// One kind of disk that tarfs images are exported to (pkg/tarfs/tarfs.go).
struct DiskKind {
  KataVolumeType volume_type;
  std::string_view verity_label;
  std::string_view suffix;
};
constexpr DiskKind kImageDisk = {KataVolumeType::kImageRawBlock, label::kImageBlock, ".image.disk"};
constexpr DiskKind kLayerDisk = {KataVolumeType::kLayerRawBlock, label::kLayerBlock, ".layer.disk"};

Result<std::string> DiskPath(const Labels& labels, const DiskKind& kind,
                             const std::string& cache_directory) {
  const std::string* blob = Find(labels, label::kTarfsLayer);
  if (blob == nullptr || blob->empty()) return Bad(label::kTarfsLayer, "is missing or empty");
  if (blob->find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
    return Bad(label::kTarfsLayer, "is no blob ID: it holds a slash or a NUL byte");
  }
  return JoinPath(cache_directory, StrCat(*blob, kind.suffix));
}

Result<KataVolume> DiskVolume(const Labels& labels, const DiskKind& kind,
                              const std::string& cache_directory) {
  Result<std::string> path = DiskPath(labels, kind, cache_directory);
  if (!path) return Failure(std::move(path.error()));
  KataVolume volume{.volume_type = std::string(KataVolumeTypeName(kind.volume_type)),
                    .source = std::move(*path),
                    .fs_type = "erofs",
                    .options = {"ro"}};
  const std::string* verity = Find(labels, kind.verity_label);
  if (verity != nullptr && !verity->empty()) {
    Result<DmVerity> parsed = ParseVerityLabel(*verity);
    if (!parsed) {
      return Failure(Wrap(std::move(parsed.error()), StrCat("label ", kind.verity_label)));
    }
    volume.dm_verity = std::move(*parsed);
  }
  return volume;
}

Result<> AppendLayerVolumes(const KataVolumesInput& input, std::vector<KataVolume>& volumes) {
  if (input.layers.empty()) return Fail(ErrorKind::kUsage, "layers: are missing");
  if (input.layers.size() > kMaxParents) {
    return Fail(ErrorKind::kUsage, StrCat("layers: are more than ", kMaxParents));
  }
  for (std::size_t i = 0; i < input.layers.size(); ++i) {
    Result<KataVolume> volume = DiskVolume(input.layers[i], kLayerDisk, input.cache_directory);
    if (!volume) {
      return Failure(
          Wrap(std::move(volume.error()), StrCat("layers ", i + 1, " of ", input.layers.size())));
    }
    volumes.push_back(std::move(*volume));
  }
  return {};
}

Result<> AppendTarfsVolumes(const KataVolumesInput& input, std::vector<KataVolume>& volumes) {
  const bool whole_image = input.annotations.contains(std::string(label::kImageBlock));
  if (!whole_image && !input.annotations.contains(std::string(label::kLayerBlock))) return {};
  if (Result<> valid = CheckDirectory("cache_directory", input.cache_directory); !valid) {
    return valid;
  }
  if (!whole_image) return AppendLayerVolumes(input, volumes);
  Result<KataVolume> volume = DiskVolume(input.annotations, kImageDisk, input.cache_directory);
  if (!volume) return Failure(Wrap(std::move(volume.error()), "annotations"));
  volumes.push_back(std::move(*volume));
  return {};
}

}  // namespace

Labels RafsAnnotations(const Labels& top_layer) {
  if (top_layer.contains(std::string(label::kTarfsLayer))) {
    return Keep(top_layer, {label::kTarfsLayer, label::kImageBlock, label::kLayerBlock});
  }
  if (!top_layer.contains(std::string(label::kNydusProxyMode))) return {};
  Labels annotations = Keep(top_layer, {label::kLayerDigest});
  annotations.emplace(label::kNydusProxyMode, "true");
  return annotations;
}

KataVolume GuestPullVolume(const Labels& annotations) {
  const std::string* reference = Find(annotations, label::kImageReference);
  const bool is_known = reference != nullptr && !reference->empty();
  KataVolume volume{.volume_type = std::string(KataVolumeTypeName(KataVolumeType::kImageGuestPull)),
                    .source = is_known ? *reference : std::string(kDummyImageReference)};
  for (const auto& [key, value] : annotations) volume.options.push_back(StrCat(key, "=", value));
  volume.image_pull = KataVolume::Metadata{.metadata = annotations};
  return volume;
}

Result<std::vector<KataVolume>> KataVolumesFor(const KataVolumesInput& input) {
  std::vector<KataVolume> volumes;
  if (input.annotations.contains(std::string(label::kNydusProxyMode))) {
    volumes.push_back(GuestPullVolume(input.annotations));
  }
  if (input.annotations.contains(std::string(label::kTarfsLayer))) {
    if (Result<> tarfs = AppendTarfsVolumes(input, volumes); !tarfs) {
      return Failure(std::move(tarfs.error()));
    }
  }
  return volumes;
}

}  // namespace nydus
