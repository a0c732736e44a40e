// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/nydusd_reply.h"

#include <algorithm>
#include <utility>

#include "snapshot/payload/json_reading.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

namespace {

// nydusd's own serialiser wrote the text, so keys are exact and come once.
constexpr JsonReading kReading = {.dialect = JsonDialect::kRust};

struct BuildTimeInfo {
  std::string package_version;
};

constexpr JsonField<BuildTimeInfo> kVersionFields[] = {
    {.key = "package_ver",
     .read = [](BuildTimeInfo& info, const JsonValue& value, const JsonReading& reading) {
       return ReadString(info.package_version, value, reading);
     }}};

constexpr JsonField<NydusdMountEntry> kMountFields[] = {
    {.key = "backend_type",
     .read = [](NydusdMountEntry& mount, const JsonValue& value,
                const JsonReading& reading) { return ReadString(mount.type, value, reading); },
     .demanded_by_rust = true}};

Result<> ReadMounts(std::vector<NydusdMountEntry>& mounts, const JsonValue& value,
                    const JsonReading& reading) {
  if (value.kind == JsonValue::Kind::kNull) return {};  // a daemon that serves no file system
  if (value.kind != JsonValue::Kind::kObject) {
    return Fail(ErrorKind::kUsage, "is not a JSON object");
  }
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    NydusdMountEntry& mount = mounts.emplace_back();
    mount.mount_point = value.keys[i];
    Result<> read = ReadObject(mount, kMountFields, value.elements[i], reading);
    if (!read) return read;
  }
  std::ranges::sort(mounts, {}, &NydusdMountEntry::mount_point);
  return {};
}

constexpr JsonField<NydusdInformation> kInformationFields[] = {
    {.key = "version",
     .read = [](NydusdInformation& information, const JsonValue& value,
                const JsonReading& reading) -> Result<> {
       BuildTimeInfo version;
       Result<> read = ReadObject(version, kVersionFields, value, reading);
       information.version = std::move(version.package_version);
       return read;
     },
     .demanded_by_rust = true},
    {.key = "id",
     .read = [](NydusdInformation& information, const JsonValue& value,
                const JsonReading& reading) -> Result<> {
       if (value.kind == JsonValue::Kind::kNull) return {};
       return ReadString(information.id, value, reading);
     }},
    {.key = "state",
     .read =
         [](NydusdInformation& information, const JsonValue& value, const JsonReading& reading) {
           return ReadString(information.state, value, reading);
         },
     .demanded_by_rust = true},
    {.key = "backend_collection",
     .read =
         [](NydusdInformation& information, const JsonValue& value, const JsonReading& reading) {
           return ReadMounts(information.mounts, value, reading);
         },
     .demanded_by_rust = true}};

struct ErrorMessage {
  std::string message;
};

constexpr JsonField<ErrorMessage> kErrorFields[] = {
    {.key = "message",
     .read = [](ErrorMessage& error, const JsonValue& value,
                const JsonReading& reading) { return ReadString(error.message, value, reading); },
     .demanded_by_rust = true}};

struct KnownText {
  std::string_view part;
  std::string_view hint;
};

// Parts of the messages of nydusd 2.2.0 and 2.4 (nydus: service/src/fs_service.rs, rafs/src/fs.rs;
// fuse-backend-rs: src/api/vfs).
constexpr KnownText kKnownTexts[] = {
    {"object or filesystem already exists", "it is mounted already"},
    {"object or filesystem doesn't exist", "nothing is mounted there"},
    {"vfs maximum mountpoints reached",
     "a nydusd serves 255 mounts in its life; a new sandbox gets a new one"},
    {"failed to parse configuration information",
     "the configuration is neither nydusd's JSON nor its TOML"},
    {"invalid configuration", "a value in the configuration is not one that nydusd takes"},
    {"passthroughfs failed to handle request",
     "the source is no directory, or nydusd may not read it"},
    {"RAFS failed to handle request",
     "the bootstrap, the configuration or the image's backend is unusable; nydusd's log says more"},
    {"NotReady", "it is still starting"},
    {"NoCounter",
     "an id must say which mount point's metrics are meant; those of former mounts count too"},
    {"Unsupported", "this nydusd serves no file system of that kind"},
};

}  // namespace

Result<NydusdInformation> ParseNydusdInformation(std::string_view text) {
  const auto broken = [](Error error) {
    error.kind = ErrorKind::kSystem;
    return Failure(Wrap(std::move(error), "nydusd's answer"));
  };
  const Result<JsonValue> value = ParseJson(text);
  if (!value) return broken(value.error());
  NydusdInformation information;
  if (Result<> read = ReadObject(information, kInformationFields, *value, kReading); !read) {
    return broken(std::move(read.error()));
  }
  return information;
}

std::optional<std::string> ParseNydusdError(std::string_view text) {
  const Result<JsonValue> value = ParseJson(text);
  if (!value) return std::nullopt;
  ErrorMessage error;
  if (!ReadObject(error, kErrorFields, *value, kReading)) return std::nullopt;
  return std::move(error.message);
}

std::string_view HintForNydusdError(std::string_view message) {
  const auto* known = std::ranges::find_if(
      kKnownTexts, [&](const KnownText& text) { return message.contains(text.part); });
  return known == std::end(kKnownTexts) ? std::string_view() : known->hint;
}

}  // namespace nydus
