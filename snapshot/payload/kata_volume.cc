// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/kata_volume.h"

#include <algorithm>
#include <iterator>

namespace nydus {

namespace {

// In the order of KataVolumeType.
constexpr std::string_view kTypeNames[] = {
    "direct_block",      "image_raw_block", "layer_raw_block", "image_nydus_block",
    "layer_nydus_block", "image_nydus_fs",  "layer_nydus_fs",  "image_guest_pull",
};

constexpr JsonField<KataVolume::Metadata> kMetadataFields[] = {
    {"metadata",
     [](KataVolume::Metadata& object, const JsonValue& value, const JsonReading& reading) {
       return ReadMap(object.metadata, value, reading);
     }},
};

constexpr JsonField<KataVolume::NydusImage> kNydusImageFields[] = {
    {"config", [](KataVolume::NydusImage& image, const JsonValue& value,
                  const JsonReading& reading) { return ReadString(image.config, value, reading); }},
    {"snapshot_dir",
     [](KataVolume::NydusImage& image, const JsonValue& value, const JsonReading& reading) {
       return ReadString(image.snapshot_dir, value, reading);
     }},
};

constexpr JsonField<KataVolume> kFields[] = {
    {"volume_type",
     [](KataVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadString(volume.volume_type, value, reading);
     },
     true},
    {"source",
     [](KataVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadString(volume.source, value, reading);
     }},
    {"fs_type",
     [](KataVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadString(volume.fs_type, value, reading);
     }},
    {"options",
     [](KataVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadStrings(volume.options, value, reading);
     }},
    {"direct_volume",
     [](KataVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadOptionalObject(volume.direct_volume, kMetadataFields, value, reading);
     }},
    {"image_pull",
     [](KataVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadOptionalObject(volume.image_pull, kMetadataFields, value, reading);
     }},
    {"nydus_image",
     [](KataVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadOptionalObject(volume.nydus_image, kNydusImageFields, value, reading);
     }},
    {"dm_verity",
     [](KataVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadDmVerity(volume.dm_verity, value, reading);
     }},
};

}  // namespace

std::optional<KataVolumeType> ParseKataVolumeType(std::string_view name) {
  const auto* const found = std::ranges::find(kTypeNames, name);
  if (found == std::end(kTypeNames)) return std::nullopt;
  return static_cast<KataVolumeType>(found - std::begin(kTypeNames));
}

Result<KataVolume> ReadKataVolume(const JsonValue& value, const JsonReading& reading) {
  KataVolume volume;
  if (Result<> read = ReadObject(volume, kFields, value, reading); !read) {
    return Failure(std::move(read.error()));
  }
  return volume;
}

bool LooksLikeKataVolume(const JsonValue& value) {
  return std::ranges::find(value.keys, "volume_type") != value.keys.end();
}

}  // namespace nydus
