// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/harmless_names.h"

#include <algorithm>

#include "snapshot/mount_slice/labels.h"

namespace nydus {

namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kExtraOptionTexts[] = {"source", "snapshotdir", "fs_version"};

constexpr std::string_view kVolumeTexts[] = {
    "volume_type",        "source",         "fs_type",        "nydus_image.snapshot_dir",
    "dm_verity.hashtype", "dm_verity.hash", "dm_verity.salt",
};

constexpr std::string_view kVolumeNumbers[] = {
    "dm_verity.blocknum", "dm_verity.blocksize", "dm_verity.hashsize",
    "dm_verity.offset",   "dm_verity.hash_type", "dm_verity.no_superblock",
};

constexpr std::string_view kLabelMaps[] = {"direct_volume.metadata.", "image_pull.metadata."};

constexpr std::string_view kConfigurationTexts[] = {
    "id",
    "type",
    "mode",
    "device.id",
    "device.backend.type",
    "device.backend.config.host",
    "device.backend.config.repo",
    "device.backend.config.scheme",
    "device.backend.config.blob_url_scheme",
    "device.backend.config.dir",
    "device.backend.config.alt_dirs[]",
    "device.backend.config.blob_file",
    "device.backend.config.endpoint",
    "device.backend.config.bucket_name",
    "device.backend.config.object_prefix",
    "device.backend.config.region",
    "device.cache.type",
    "device.cache.config.work_dir",
    "backend.type",
    "backend.localfs.dir",
    "backend.localfs.alt_dirs[]",
    "backend.localfs.blob_file",
    "backend.registry.host",
    "backend.registry.repo",
    "backend.registry.scheme",
    "cache.type",
    "cache.filecache.work_dir",
    "rafs.mode",
};

constexpr std::string_view kConfigurationNumbers[] = {
    "version",
    "digest_validate",
    "enable_xattr",
    "iostats_files",
    "access_pattern",
    "latest_read_files",
    "amplify_io",
    "fs_prefetch.enable",
    "fs_prefetch.prefetch_all",
    "fs_prefetch.threads_count",
    "fs_prefetch.merging_size",
    "fs_prefetch.bandwidth_rate",
    "device.backend.config.readahead",
    "device.backend.config.skip_verify",
    "device.backend.config.timeout",
    "device.backend.config.connect_timeout",
    "device.backend.config.retry_limit",
    "device.backend.config.proxy.fallback",
    "device.backend.config.proxy.check_interval",
    "device.backend.config.proxy.use_http",
    "device.cache.config.disable_indexed_map",
    "rafs.validate",
    "rafs.enable_xattr",
};

constexpr std::string_view kHarmlessLabels[] = {
    label::kTargetSnapshot,
    label::kImageLayers,
    label::kImageReference,
    label::kLayerDigest,
    label::kManifestDigest,
    label::kNydusBlob,
    label::kNydusBootstrap,
    label::kImageBlock,
    label::kNydusIndexAlternative,
    label::kLayerBlock,
    label::kNydusProxyMode,
    label::kNydusReference,
    label::kTarfsLayer,
    label::kVolatile,
    label::kStargz,
    label::kTarfsHint,
    "fsGroup",
    "fsGroupChangePolicy",
};

// Names that may be shown though their values may not, and objects on the way to values.
constexpr std::string_view kNamesOfSecrets[] = {
    "access_key_id",
    "access_key_secret",
    "auth",
    "backend",
    "cache",
    "config",
    label::kNydusSignature,
    label::kPullSecret,
    label::kPullUsername,
    "device",
    "direct_volume",
    "dm_verity",
    "filecache",
    "fs_prefetch",
    "headers",
    "image_pull",
    "localfs",
    "metadata",
    "mirrors",
    "nydus_image",
    "options",
    "oss",
    "ping_url",
    "proxy",
    "rafs",
    "registry",
    "registry_token",
    "s3",
    "security_token",
    "url",
};

// True if a path of `paths` has `name` as its last member.
bool EndsAPath(Names paths, std::string_view name) {
  return std::ranges::any_of(paths, [name](std::string_view path) {
    if (path.ends_with("[]")) path.remove_suffix(2);
    return path.substr(path.rfind('.') + 1) == name;
  });
}

}  // namespace

HarmlessNames ExtraOptionNames() {
  return {.texts = kExtraOptionTexts,
          .numbers = {},
          .label_maps = {},
          .nested_json = "config",
          .options = {}};
}

HarmlessNames KataVolumeNames() {
  return {.texts = kVolumeTexts,
          .numbers = kVolumeNumbers,
          .label_maps = kLabelMaps,
          .nested_json = "nydus_image.config",
          .options = "options[]"};
}

HarmlessNames NydusdConfigurationNames() {
  return {.texts = kConfigurationTexts,
          .numbers = kConfigurationNumbers,
          .label_maps = {},
          .nested_json = {},
          .options = {}};
}

bool IsHarmlessLabel(std::string_view name) {
  return std::ranges::find(kHarmlessLabels, name) != std::end(kHarmlessLabels);
}

bool IsKnownName(std::string_view name) {
  for (const Names paths : {Names(kExtraOptionTexts), Names(kVolumeTexts), Names(kVolumeNumbers),
                            Names(kConfigurationTexts), Names(kConfigurationNumbers)}) {
    if (EndsAPath(paths, name)) return true;
  }
  return IsHarmlessLabel(name) ||
         std::ranges::find(kNamesOfSecrets, name) != std::end(kNamesOfSecrets);
}

}  // namespace nydus
