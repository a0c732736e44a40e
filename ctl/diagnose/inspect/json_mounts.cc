// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/json_mounts.h"

#include <algorithm>
#include <optional>
#include <string>

#include "ctl/diagnose/inspect/mount_command_text.h"
#include "ctl/diagnose/inspect/text_cleaning.h"
#include "snapshot/payload/kata_volume.h"

namespace nydus {

namespace {

const JsonValue* Member(const JsonValue& object, std::string_view name) {
  for (std::size_t i = 0; i < object.keys.size(); ++i) {
    if (ToLower(object.keys[i]) == name) return &object.elements[i];
  }
  return nullptr;
}

std::string TextMember(const JsonValue& object, std::string_view name) {
  const JsonValue* member = Member(object, name);
  return member == nullptr ? std::string() : member->text;
}

// The strings of a list of strings.
std::optional<std::vector<std::string>> Strings(const JsonValue* list) {
  if (list == nullptr || list->kind != JsonValue::Kind::kArray) return std::nullopt;
  std::vector<std::string> strings;
  for (const JsonValue& element : list->elements) {
    if (element.kind != JsonValue::Kind::kString) return std::nullopt;
    strings.push_back(element.text);
  }
  return strings;
}

// A list of words, or one text as findmnt(8) writes it.
std::optional<std::string> OptionsMember(const JsonValue& object) {
  const JsonValue* options = Member(object, "options");
  if (options != nullptr && options->kind == JsonValue::Kind::kString) return options->text;
  const auto words = Strings(options);
  if (!words) return std::nullopt;
  return JoinOptions(*words);
}

std::optional<MountText> ReadMountObject(const JsonValue& object) {
  const std::optional<std::string> options = OptionsMember(object);
  if (!options || (Member(object, "type") == nullptr && Member(object, "source") == nullptr)) {
    return std::nullopt;
  }
  MountText text{.form = "mount in JSON",
                 .type = TextMember(object, "type"),
                 .source = TextMember(object, "source"),
                 .target = TextMember(object, "target")};
  if (text.type.empty()) text.type = TextMember(object, "fstype");
  if (text.target.empty()) text.target = TextMember(object, "destination");
  text.options = *options;
  if (!HasMountWord(text.options) && !text.type.contains("nydus-overlayfs")) return std::nullopt;
  return text;
}

std::optional<MountText> ReadWords(const JsonValue* list) {
  const auto words = Strings(list);
  if (!words) return std::nullopt;
  if (std::optional<MountText> text = ReadMountCommand(*words)) return text;
  if (std::ranges::find(*words, "-o") != words->end()) return ReadMountArguments(*words);
  // Else options, unless they are lines of a log.
  const bool lines =
      std::ranges::any_of(*words, [](const std::string& word) { return word.contains(' '); });
  MountText text{.form = "list of options", .options = JoinOptions(*words)};
  if (lines || !HasMountWord(text.options)) return std::nullopt;
  return text;
}

std::optional<MountText> ReadObject(const JsonValue& object) {
  if (auto text = ReadMountObject(object)) return text;
  for (const std::string_view name : {"argv", "args"}) {
    if (auto text = ReadWords(Member(object, name))) return text;
  }
  return std::nullopt;
}

void Walk(const JsonValue& value, JsonMounts& found) {
  if (value.kind == JsonValue::Kind::kString) {
    found.texts.push_back(value.text);
    return;
  }
  std::optional<MountText> text;
  if (value.kind == JsonValue::Kind::kObject) text = ReadObject(value);
  if (value.kind == JsonValue::Kind::kArray) text = ReadWords(&value);
  if (text) {
    found.mounts.push_back(std::move(*text));
    const JsonValue* children = Member(value, "children");
    if (children != nullptr) Walk(*children, found);
    return;
  }
  for (const JsonValue& element : value.elements) Walk(element, found);
}

// Of the object that `text` begins with, up to the brace that closes it; 0 if none does.
std::size_t ObjectLength(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') ++i;
    if (in_string) continue;
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) return i + 1;
  }
  return 0;
}

}  // namespace

JsonMounts FindJsonMounts(const JsonValue& value) {
  JsonMounts found;
  Walk(value, found);
  return found;
}

bool IsPayload(const JsonValue& value) {
  if (value.kind != JsonValue::Kind::kObject) return false;
  return LooksLikeKataVolume(value) || Member(value, "snapshotdir") != nullptr ||
         (Member(value, "source") != nullptr && Member(value, "config") != nullptr);
}

std::vector<std::string_view> FindPayloads(std::string_view text) {
  constexpr std::string_view kBegin = "{\"";
  std::vector<std::string_view> found;
  for (int tries = 0; tries < kMaxObjects; ++tries) {
    const std::size_t begin = text.find(kBegin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::string_view object = text.substr(0, ObjectLength(text));
    const Result<JsonValue> json = ParseJson(object);
    const bool is_payload = json && IsPayload(*json);
    if (is_payload) found.push_back(object);
    text.remove_prefix(is_payload ? object.size() : kBegin.size());
  }
  return found;
}

}  // namespace nydus
