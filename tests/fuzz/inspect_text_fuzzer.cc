// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "base/utf8.h"
#include "ctl/diagnose/inspect/harmless_names.h"
#include "ctl/diagnose/inspect/inspection.h"
#include "ctl/diagnose/inspect/mount_command_text.h"
#include "ctl/diagnose/inspect/mount_text.h"
#include "ctl/inspect_output.h"
#include "snapshot/payload/json_text.h"
#include "snapshot/payload/json_writing.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

using Json = nlohmann::ordered_json;

// True for what is searched for in JSON, of which anything may have a type and a source.
bool ConcernsUs(const MountText& mount) {
  return HasMountWord(mount.options) || mount.type.contains("nydus-overlayfs");
}

// The same mount in JSON is the same mount.
void CheckRoundTrip(const MountText& mount) {
  const std::array fields = {mount.type, mount.source, mount.target, mount.options};
  if (mount.is_payload || !ConcernsUs(mount) || !std::ranges::all_of(fields, IsUtf8)) return;
  JsonObjectWriter json;
  json.AddString("type", mount.type);
  json.AddString("source", mount.source);
  json.AddString("target", mount.target);
  json.AddStrings("options", std::array{mount.options});
  const Result<MountTexts> again = FindMounts(json.Finish());
  Demand(again && again->mounts.size() == 1, "a mount in JSON is one mount");
  const MountText& found = again->mounts[0];
  Demand(fields == std::array{found.type, found.source, found.target, found.options},
         "a mount is found as it was written");
}

InspectionResult InspectAll(const MountTexts& texts) {
  InspectionResult result{.mounts = {}, .cut = texts.cut, .image = std::nullopt};
  for (const MountText& text : texts.mounts) {
    CheckRoundTrip(text);
    (void)FindPaths(text);  // which are not looked for: the machine is no part of the input
    result.mounts.push_back(Inspect(text, {}));
  }
  return result;
}

void CheckOutput(const InspectionResult& result, bool hides_secret) {
  std::string text = InspectionText(result, false);
  const std::string json = InspectionJson(result);
  Demand(ParseJson(json).has_value(), "what programs read is JSON");
  Demand(!hides_secret || !(text + json).contains(kSecret), "no secret is shown");
  std::erase(text, '\n');
  Demand(IsPrintable(text), "what people read is printable");
}

void CheckText(std::string_view text, bool hides_secret) {
  const Result<MountTexts> texts = FindMounts(text);
  if (!texts) return DemandDiscreet(texts.error());
  CheckOutput(InspectAll(*texts), hides_secret);
}

// In a URL the password is a secret; other texts of known names may be shown.
std::string PlantInText(std::string_view text) {
  if (text.contains("://")) return StrCat("https://user:", kSecret, "@host/path");
  return "shown";
}

// "name=value", or a word that is no flag of a mount.
std::string PlantInOption(std::string_view option) {
  const std::string_view label = option.substr(0, option.find('='));
  if (label.size() == option.size()) return std::string(kSecret);
  return StrCat(label, "=", IsHarmlessLabel(label) ? "shown" : kSecret);
}

void Plant(Json& value, bool secret, bool option);

// A secret has a name that says so, or one that nobody knows.
bool NamesSecret(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "auth",           "access_key_id",  "password", "access_key_secret",
      "registry_token", "security_token", "headers",  "containerd.io/snapshot/pullsecret",
  };
  return !IsKnownName(name) || std::ranges::find(kNames, name) != std::end(kNames);
}

void PlantInObject(Json& object, bool secret) {
  Json planted = Json::object();
  for (auto& [name, value] : object.items()) {
    const bool below = secret || NamesSecret(name);
    Plant(value, below, name == "options");
    planted[IsKnownName(name) ? name : StrCat(kSecret, name)] = std::move(value);
  }
  object = std::move(planted);
}

// Puts the secret wherever a payload may hold one.
void Plant(Json& value, bool secret, bool option) {
  if (value.is_object()) return PlantInObject(value, secret);
  if (value.is_array()) {
    for (Json& element : value) Plant(element, secret, option);
  }
  if (!value.is_string()) return;
  const std::string text = value.get<std::string>();
  Json nested = Json::parse(text, nullptr, false);
  if (secret) {
    value = kSecret;
  } else if (nested.is_object() && ParseJson(text)) {
    PlantInObject(nested, secret);
    value = nested.dump();
  } else {
    value = option ? PlantInOption(text) : PlantInText(text);
  }
}

// The input as a payload.
void CheckPayload(std::string_view input) {
  if (!ParseJson(input)) return;  // which is narrower, and bounds the depth
  Json payload = Json::parse(input, nullptr, false);
  Plant(payload, false, false);
  const std::string base64 = EncodeBase64(payload.dump());
  CheckText(StrCat("extraoption=", base64), true);
  CheckText(StrCat("io.katacontainers.volume=", base64), true);
}

// The input as what stands around a payload, whose place bytes 1 and 2 mark.
void CheckSurroundings(std::string_view input) {
  static const std::string kExtraOption = EncodeBase64(StrCat(
      R"({"source":"/b","config":"{\"device\":{\"backend\":{\"config\":{\"auth\":\")", kSecret,
      R"(\"}}}}","snapshotdir":"/s","fs_version":"v6","password":")", kSecret, "\"}"));
  static const std::string kVolume = EncodeBase64(StrCat(
      R"({"volume_type":"image_guest_pull","source":"s","image_pull":{"metadata":{"token":")",
      kSecret, R"("}},"options":["key=)", kSecret, "\"]}"));
  std::string text;
  for (const char byte : input) {
    if (byte == '\x01') {
      text += kExtraOption;
    } else if (byte == '\x02') {
      text += kVolume;
    } else {
      text += byte;
    }
  }
  CheckText(text, !input.contains(kSecret));
}

}  // namespace

void FuzzOne(std::string_view input) {
  CheckSurroundings(input);
  CheckPayload(input);
}

}  // namespace nydus
