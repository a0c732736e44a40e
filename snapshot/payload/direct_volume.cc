// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/direct_volume.h"

#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "snapshot/payload/json_writing.h"

namespace nydus {

namespace {

Result<> ReadMetadata(DirectVolume& volume, const JsonValue& value, const JsonReading& reading) {
  std::optional<JsonMap> map = std::move(volume.metadata);
  Result<> read = ReadMap(map, value, reading);
  volume.metadata = std::move(map).value_or(JsonMap());
  return read;
}

constexpr JsonField<DirectVolume> kFields[] = {
    {"volume-type",
     [](DirectVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadString(volume.volume_type, value, reading);
     },
     true},
    {"device",
     [](DirectVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadString(volume.device, value, reading);
     },
     true},
    {"fstype",
     [](DirectVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadString(volume.fs_type, value, reading);
     },
     true},
    {"metadata", ReadMetadata},
    {"options",
     [](DirectVolume& volume, const JsonValue& value, const JsonReading& reading) {
       return ReadStrings(volume.options, value, reading);
     }},
};

}  // namespace

Result<DirectVolume> ParseDirectVolume(std::string_view json, const JsonReading& reading) {
  const Result<JsonValue> value = ParsePayloadJson(json);
  if (!value) return Failure(value.error());
  DirectVolume volume;
  if (Result<> read = ReadObject(volume, kFields, *value, reading); !read) {
    return Failure(std::move(read.error()));
  }
  return volume;
}

std::string FormatDirectVolume(const DirectVolume& volume) {
  JsonObjectWriter json;
  json.AddString("volume-type", volume.volume_type);
  json.AddString("device", volume.device);
  json.AddString("fstype", volume.fs_type);
  if (!volume.metadata.empty()) json.AddMap("metadata", volume.metadata);
  if (!volume.options.empty()) json.AddStrings("options", volume.options);
  return json.Finish();
}

Result<std::string> MountInfoPath(std::string_view volume_path) {
  if (volume_path.empty()) return Fail(ErrorKind::kUsage, "volume path: is empty");
  if (volume_path.size() > kMaxVolumePathBytes) {
    return Fail(ErrorKind::kUsage,
                StrCat("volume path: is longer than ", kMaxVolumePathBytes, " bytes"));
  }
  return StrCat(EncodeBase64Url(volume_path), "/mountInfo.json");
}

}  // namespace nydus
