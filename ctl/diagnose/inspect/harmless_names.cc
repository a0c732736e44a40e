// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/harmless_names.h"

#include <algorithm>

#include "snapshot/mount_slice/labels.h"

namespace nydus {

namespace {

using enum ValueKind;

using Values = std::span<const NamedValue>;

constexpr NamedValue kExtraOptionValues[] = {
    {"source", kPath},
    {"snapshotdir", kPath},
    {"fs_version", kWord},
};

constexpr NamedValue kVolumeValues[] = {
    {"volume_type", kVolumeType},
    {"source", kPathOrReference},
    {"fs_type", kWord},
    {"nydus_image.snapshot_dir", kPath},
    {"dm_verity.hashtype", kWord},
    {"dm_verity.hash", kHexadecimal},
    {"dm_verity.salt", kHexadecimal},
    {"dm_verity.blocknum", kNumber},
    {"dm_verity.blocksize", kNumber},
    {"dm_verity.hashsize", kNumber},
    {"dm_verity.offset", kNumber},
    {"dm_verity.hash_type", kNumber},
    {"dm_verity.no_superblock", kBoolean},
};

constexpr std::string_view kLabelMaps[] = {"direct_volume.metadata.", "image_pull.metadata."};

constexpr NamedValue kConfigurationValues[] = {
    {"id", kSnapshot},
    {"type", kWord},
    {"mode", kWord},
    {"version", kNumber},
    {"digest_validate", kBoolean},
    {"enable_xattr", kBoolean},
    {"iostats_files", kBoolean},
    {"access_pattern", kBoolean},
    {"latest_read_files", kBoolean},
    {"amplify_io", kNumber},
    {"fs_prefetch.enable", kBoolean},
    {"fs_prefetch.prefetch_all", kBoolean},
    {"fs_prefetch.threads_count", kNumber},
    {"fs_prefetch.merging_size", kNumber},
    {"fs_prefetch.bandwidth_rate", kNumber},
    {"device.id", kSnapshot},
    {"device.backend.type", kWord},
    {"device.backend.config.host", kHost},
    {"device.backend.config.repo", kReference},
    {"device.backend.config.scheme", kWord},
    {"device.backend.config.blob_url_scheme", kWord},
    {"device.backend.config.dir", kPath},
    {"device.backend.config.alt_dirs[]", kPath},
    {"device.backend.config.blob_file", kPath},
    {"device.backend.config.endpoint", kHost},
    {"device.backend.config.bucket_name", kName},
    {"device.backend.config.object_prefix", kReference},
    {"device.backend.config.region", kName},
    {"device.backend.config.readahead", kBoolean},
    {"device.backend.config.skip_verify", kBoolean},
    {"device.backend.config.timeout", kNumber},
    {"device.backend.config.connect_timeout", kNumber},
    {"device.backend.config.retry_limit", kNumber},
    {"device.backend.config.proxy.fallback", kBoolean},
    {"device.backend.config.proxy.check_interval", kNumber},
    {"device.backend.config.proxy.use_http", kBoolean},
    {"device.cache.type", kWord},
    {"device.cache.config.work_dir", kPath},
    {"device.cache.config.disable_indexed_map", kBoolean},
    {"backend.type", kWord},
    {"backend.localfs.dir", kPath},
    {"backend.localfs.alt_dirs[]", kPath},
    {"backend.localfs.blob_file", kPath},
    {"backend.registry.host", kHost},
    {"backend.registry.repo", kReference},
    {"backend.registry.scheme", kWord},
    {"cache.type", kWord},
    {"cache.filecache.work_dir", kPath},
    {"rafs.mode", kWord},
    {"rafs.validate", kBoolean},
    {"rafs.enable_xattr", kBoolean},
};

constexpr NamedValue kLabels[] = {
    {label::kTargetSnapshot, kDigest},
    {label::kImageLayers, kDigests},
    {label::kImageReference, kReference},
    {label::kLayerDigest, kDigest},
    {label::kManifestDigest, kDigest},
    {label::kNydusBlob, kBoolean},
    {label::kNydusBootstrap, kBoolean},
    {label::kImageBlock, kBlockVerity},
    {label::kNydusIndexAlternative, kBoolean},
    {label::kLayerBlock, kBlockVerity},
    {label::kNydusProxyMode, kBoolean},
    {label::kNydusReference, kReference},
    {label::kTarfsLayer, kHexadecimal},
    {label::kVolatile, kBoolean},
    {label::kStargz, kBoolean},
    {label::kTarfsHint, kBoolean},
    {"fsGroup", kNumber},
    {"fsGroupChangePolicy", kWord},
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

// True if a path of `values` has `name` as its last member.
bool EndsAPath(Values values, std::string_view name) {
  return std::ranges::any_of(values, [name](const NamedValue& value) {
    std::string_view path = value.name;
    if (path.ends_with("[]")) path.remove_suffix(2);
    return path.substr(path.rfind('.') + 1) == name;
  });
}

}  // namespace

std::optional<ValueKind> FindKind(Values values, std::string_view name) {
  const auto found = std::ranges::find(values, name, &NamedValue::name);
  if (found == values.end()) return std::nullopt;
  return found->kind;
}

HarmlessNames ExtraOptionNames() {
  return {.values = kExtraOptionValues, .label_maps = {}, .nested_json = "config", .options = {}};
}

HarmlessNames KataVolumeNames() {
  return {.values = kVolumeValues,
          .label_maps = kLabelMaps,
          .nested_json = "nydus_image.config",
          .options = "options[]"};
}

HarmlessNames NydusdConfigurationNames() {
  return {.values = kConfigurationValues, .label_maps = {}, .nested_json = {}, .options = {}};
}

std::optional<ValueKind> KindOfLabel(std::string_view name) {
  return FindKind(kLabels, name);
}

bool IsHarmlessLabel(std::string_view name) {
  return KindOfLabel(name).has_value();
}

bool IsKnownName(std::string_view name) {
  for (const Values values :
       {Values(kExtraOptionValues), Values(kVolumeValues), Values(kConfigurationValues)}) {
    if (EndsAPath(values, name)) return true;
  }
  return IsHarmlessLabel(name) ||
         std::ranges::find(kNamesOfSecrets, name) != std::end(kNamesOfSecrets);
}

}  // namespace nydus
