// SPDX-License-Identifier: Apache-2.0
#include "ctl/volume_input.h"

#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/input_text.h"
#include "snapshot/payload/direct_volume.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/json_text.h"
#include "snapshot/payload/volume_conversion.h"

DEFINE_string(from, "volume", "KIND: volume, extra-option or mount-info: what FILE holds");

namespace nydus {

namespace {

Result<KataVolume> FromVolume(std::string_view text, const JsonReading& reading) {
  const Result<JsonValue> json = ParseJson(text);
  if (!json) return Failure(json.error());
  return ReadKataVolume(*json, reading);
}

Result<KataVolume> FromExtraOption(std::string_view text, const JsonReading& reading) {
  const Result<JsonValue> json = ParseJson(text);
  if (!json) return Failure(json.error());
  const Result<ExtraOption> option = ReadExtraOption(*json, reading);
  if (!option) return Failure(option.error());
  if (Result<> valid = ValidateExtraOption(*option); !valid) {
    return Failure(std::move(valid.error()));
  }
  return KataVolumeOf(*option);
}

Result<KataVolume> FromMountInfo(std::string_view text, const JsonReading& reading) {
  const Result<DirectVolume> volume = ParseDirectVolume(text, reading);
  if (!volume) return Failure(volume.error());
  return KataVolumeOf(*volume);
}

struct InputKind {
  std::string_view name;
  Result<KataVolume> (*read)(std::string_view text, const JsonReading& reading);
};
constexpr InputKind kInputKinds[] = {
    {"volume", FromVolume}, {"extra-option", FromExtraOption}, {"mount-info", FromMountInfo}};

const InputKind* FindInputKind(std::string_view name) {
  for (const InputKind& kind : kInputKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

bool IsInputKind(const char*, const std::string& value) {
  return FindInputKind(value) != nullptr;
}
DEFINE_validator(from, &IsInputKind);

}  // namespace

Result<KataVolume> ReadVolumeInput(const Operands& operands, JsonDialect dialect) {
  const Result<std::string> file = FileOperand(operands);
  if (!file) return Failure(file.error());
  const Result<std::string> text = ReadInput(*file, kMaxPayloadBytes);
  if (!text) return Failure(text.error());
  JsonOddities oddities;
  Result<KataVolume> volume =
      FindInputKind(FLAGS_from)->read(*text, {.dialect = dialect, .oddities = &oddities});
  if (!volume) return Failure(Wrap(std::move(volume.error()), InputName(*file)));
  if (oddities.unknown_key) {
    return Fail(ErrorKind::kUsage,
                StrCat(InputName(*file), ": holds a member that is not known and would be lost"),
                "nydus-overlayfs-payload(5) lists the members");
  }
  return volume;
}

}  // namespace nydus
