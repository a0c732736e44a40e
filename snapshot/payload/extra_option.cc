// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/extra_option.h"

#include "snapshot/payload/json_writing.h"

namespace nydus {

namespace {

constexpr JsonField<ExtraOption> kFields[] = {
    {"source",
     [](ExtraOption& option, const JsonValue& value, const JsonReading& reading) {
       return ReadString(option.source, value, reading);
     },
     true},
    {"config",
     [](ExtraOption& option, const JsonValue& value, const JsonReading& reading) {
       return ReadString(option.config, value, reading);
     },
     true},
    {"snapshotdir",
     [](ExtraOption& option, const JsonValue& value, const JsonReading& reading) {
       return ReadString(option.snapshot_dir, value, reading);
     },
     true},
    {"fs_version",
     [](ExtraOption& option, const JsonValue& value, const JsonReading& reading) {
       return ReadString(option.fs_version, value, reading);
     },
     true},
};

}  // namespace

std::string FormatExtraOption(const ExtraOption& option) {
  JsonObjectWriter json;
  json.AddString("source", option.source);
  json.AddString("config", option.config);
  json.AddString("snapshotdir", option.snapshot_dir);
  json.AddString("fs_version", option.fs_version);
  return json.Finish();
}

Result<ExtraOption> ReadExtraOption(const JsonValue& value, const JsonReading& reading) {
  ExtraOption option;
  if (Result<> read = ReadObject(option, kFields, value, reading); !read) {
    return Failure(std::move(read.error()));
  }
  return option;
}

Result<> ValidateExtraOption(const ExtraOption& option) {
  if (option.source.empty()) return Fail(ErrorKind::kUsage, "source: is missing or empty");
  if (option.config.empty()) return Fail(ErrorKind::kUsage, "config: is missing or empty");
  if (option.snapshot_dir.empty()) {
    return Fail(ErrorKind::kUsage, "snapshotdir: is missing or empty");
  }
  return {};
}

}  // namespace nydus
