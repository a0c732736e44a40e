// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/kata_volume.h"

#include <algorithm>
#include <iterator>

#include "snapshot/payload/json_writing.h"

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

std::string FormatMetadata(const KataVolume::Metadata& object) {
  JsonObjectWriter json;
  json.AddMap("metadata", object.metadata);
  return json.Finish();
}

std::string FormatNydusImage(const KataVolume::NydusImage& image) {
  JsonObjectWriter json;
  json.AddString("config", image.config);
  json.AddString("snapshot_dir", image.snapshot_dir);
  return json.Finish();
}

}  // namespace

std::string_view KataVolumeTypeName(KataVolumeType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::string FormatKataVolume(const KataVolume& volume) {
  JsonObjectWriter json;
  json.AddString("volume_type", volume.volume_type);
  if (!volume.source.empty()) json.AddString("source", volume.source);
  if (!volume.fs_type.empty()) json.AddString("fs_type", volume.fs_type);
  if (!volume.options.empty()) json.AddStrings("options", volume.options);
  if (volume.direct_volume) json.AddObject("direct_volume", FormatMetadata(*volume.direct_volume));
  if (volume.image_pull) json.AddObject("image_pull", FormatMetadata(*volume.image_pull));
  if (volume.nydus_image) json.AddObject("nydus_image", FormatNydusImage(*volume.nydus_image));
  if (volume.dm_verity) json.AddObject("dm_verity", FormatDmVerity(*volume.dm_verity));
  return json.Finish();
}

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
