// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/payload_options.h"

#include <string_view>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "base/utf8.h"
#include "snapshot/mount_slice/labels.h"
#include "snapshot/payload/payload_policy.h"

namespace nydus {

namespace {

Result<std::string> Encode(std::string_view name, std::string_view json) {
  if (json.size() > kMaxPayloadBytes) {
    return Fail(ErrorKind::kUsage, StrCat(name, ": is longer than ", kMaxPayloadBytes, " bytes"));
  }
  return StrCat(name, "=", EncodeBase64(json));
}

// What is no UTF-8 would be changed on the way into JSON.
Result<> WantUtf8(std::string_view field, std::string_view text) {
  if (IsUtf8(text)) return {};
  return Fail(ErrorKind::kUsage, StrCat(field, ": is not UTF-8"));
}

Result<> CheckForWriting(const ExtraOption& option) {
  Result<> valid = ValidateExtraOption(option);
  if (valid) valid = WantUtf8("source", option.source);
  if (valid) valid = WantUtf8("config", option.config);
  if (valid) valid = WantUtf8("snapshotdir", option.snapshot_dir);
  if (valid && option.fs_version != "v5" && option.fs_version != "v6") {
    return Fail(ErrorKind::kUsage, "fs_version: is neither v5 nor v6");
  }
  return valid;
}

}  // namespace

Result<std::string> EncodeExtraOption(const ExtraOption& option) {
  if (Result<> valid = CheckForWriting(option); !valid) return Failure(std::move(valid.error()));
  return Encode(kExtraOptionName, FormatExtraOption(option));
}

Result<std::string> EncodeKataVolume(const KataVolume& volume) {
  return Encode(kKataVolumeOptionName, FormatKataVolume(volume));
}

}  // namespace nydus
