// SPDX-License-Identifier: Apache-2.0

// Answers what tests/setup/go/payload-oracle answers, line by line, with this project's functions.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "snapshot/payload/direct_volume.h"
#include "snapshot/payload/dm_verity.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/json_text.h"
#include "snapshot/payload/json_writing.h"
#include "snapshot/payload/kata_volume.h"
#include "snapshot/payload/verity_label.h"
#include "snapshot/payload/volume_validation.h"
#include "snapshot/rafs/rafs_detection.h"

namespace nydus {
namespace {

template <typename T, typename Format>
Result<std::string> Written(const Result<T>& read, Format format) {
  if (!read) return Failure(read.error());
  return format(*read);
}

Result<std::string> RewriteExtraOption(const std::string& json) {
  const Result<JsonValue> value = ParsePayloadJson(json);
  if (!value) return Failure(value.error());
  return Written(ReadExtraOption(*value, {}), FormatExtraOption);
}

Result<KataVolume> ReadVolume(const std::string& json) {
  const Result<JsonValue> value = ParsePayloadJson(json);
  if (!value) return Failure(value.error());
  return ReadKataVolume(*value, {});
}

Result<std::string> RewriteVolume(const std::string& json) {
  return Written(ReadVolume(json), FormatKataVolume);
}

Result<std::string> RewriteVerity(const std::string& json) {
  const Result<JsonValue> value = ParsePayloadJson(json);
  if (!value) return Failure(value.error());
  std::optional<DmVerity> verity;
  if (Result<> read = ReadDmVerity(verity, *value, {}); !read) return Failure(read.error());
  return FormatDmVerity(verity.value_or(DmVerity()));
}

Result<std::string> RewriteMountInfo(const std::string& json) {
  return Written(ParseDirectVolume(json, {.dialect = JsonDialect::kGo}), FormatDirectVolume);
}

Result<std::string> VolumeFromJson(const std::string& json) {
  const Result<KataVolume> volume = ReadVolume(json);
  if (!volume) return Failure(volume.error());
  if (Result<> valid = ValidateForSnapshotter(*volume); !valid) return Failure(valid.error());
  return FormatKataVolume(*volume);
}

Result<std::string> VolumeThroughBase64(const std::string& text) {
  const Result<std::string> json = DecodeBase64(text, Base64Reading::kGo);
  if (!json) return Failure(json.error());
  return Written(VolumeFromJson(*json), EncodeBase64);
}

Result<std::string> VerityFromJson(const std::string& json) {
  return Written(ParseDmVerity(json), FormatDmVerity);
}

Result<std::string> VerityFromLabel(const std::string& label) {
  return Written(ParseVerityLabel(label), FormatDmVerity);
}

Result<std::string> DetectRafsVersion(const std::string& head) {
  const Result<std::string_view> version = DetectFsVersion(head);
  if (!version) return Failure(version.error());
  return std::string(*version);
}

struct Command {
  std::string_view name;
  Result<std::string> (*run)(const std::string& input);
};

constexpr Command kCommands[] = {
    {"rewrite-extra-option", RewriteExtraOption},
    {"rewrite-volume", RewriteVolume},
    {"rewrite-verity", RewriteVerity},
    {"rewrite-mount-info", RewriteMountInfo},
    {"volume-from-json", VolumeFromJson},
    {"volume-through-base64", VolumeThroughBase64},
    {"verity-from-json", VerityFromJson},
    {"verity-from-label", VerityFromLabel},
    {"detect-rafs", DetectRafsVersion},
};

// {"command":NAME,"input":BASE64}, the members in this order.
Result<std::string> Run(const std::string& line) {
  const Result<JsonValue> request = ParseJson(line);
  if (!request || request->elements.size() != 2) {
    return Fail(ErrorKind::kUsage, "is not a request");
  }
  const auto* const command =
      std::ranges::find(kCommands, request->elements[0].text, &Command::name);
  if (command == std::end(kCommands)) return Fail(ErrorKind::kUsage, "unknown command");
  const Result<std::string> input = DecodeBase64(request->elements[1].text, Base64Reading::kStrict);
  if (!input) return Failure(input.error());
  return command->run(*input);
}

std::string Answer(const Result<std::string>& result) {
  JsonObjectWriter json;
  json.AddBool("accepted", result.has_value());
  if (result) {
    json.AddString("output", EncodeBase64(*result));
  } else {
    json.AddString("error", result.error().message);
  }
  return json.Finish();
}

}  // namespace
}  // namespace nydus

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << nydus::Answer(nydus::Run(line)) << '\n';
  }
  return 0;
}
