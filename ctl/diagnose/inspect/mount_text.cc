// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/mount_text.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "ctl/diagnose/inspect/go_text.h"
#include "ctl/diagnose/inspect/json_mounts.h"
#include "ctl/diagnose/inspect/mount_command_text.h"
#include "ctl/diagnose/inspect/text_cleaning.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/json_text.h"
#include "snapshot/payload/kata_volume.h"

namespace nydus {

namespace {

// How many texts within texts are opened: a log line that quotes an error that quotes an error.
constexpr int kMaxTextDepth = 6;

// Shorter runs of letters are words, not a payload.
constexpr std::size_t kMinPayloadBytes = 16;

constexpr std::size_t kNotFound = std::string_view::npos;

bool IsBase64Byte(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/' || c == '=';
}

MountText PayloadText(bool is_volume, std::string_view base64) {
  return {.form = "payload",
          .is_payload = true,
          .options = StrCat(is_volume ? kKataVolumeOptionName : kExtraOptionName, "=", base64)};
}

// A payload alone in base64, good or broken; line breaks in it are a terminal's.
std::optional<MountText> ReadBarePayload(std::string_view text) {
  std::string base64(text);
  std::erase_if(base64, [](char c) { return c == '\n' || c == ' ' || c == '\t'; });
  if (base64.size() < kMinPayloadBytes || !std::ranges::all_of(base64, IsBase64Byte)) {
    return std::nullopt;
  }
  constexpr std::string_view kBeginsAnObject = "ey";  // {"
  if (!base64.starts_with(kBeginsAnObject)) return std::nullopt;
  const std::string_view whole = std::string_view(base64).substr(0, base64.size() / 4 * 4);
  const std::string json = DecodeBase64(whole, Base64Reading::kGo).value_or("");
  return PayloadText(json.contains("\"volume_type\""), base64);
}

// The opening quote of the first field that is a text of its own. A mount's options hold no such
// field, but may hold words that end like one.
std::size_t FindField(std::string_view line) {
  constexpr std::string_view kNames[] = {"msg",    "error",  "err", "message",
                                         "reason", "stderr", "desc"};
  for (std::size_t at = line.find("=\""); at != kNotFound; at = line.find("=\"", at + 2)) {
    const std::string_view before = line.substr(0, at);
    for (const std::string_view name : kNames) {
      if (before == name || (before.ends_with(name) && before[at - name.size() - 1] == ' ')) {
        return at + 1;
      }
    }
  }
  return kNotFound;
}

class Finder {
 public:
  void ReadText(std::string_view text, int depth) {
    if (depth > kMaxTextDepth) return;
    text = TrimBlanks(text);
    if (text.empty() || ReadJson(text, depth)) return;
    if (std::optional<MountText> payload = ReadBarePayload(text)) {
      Add(std::move(*payload));
      return;
    }
    for (const std::string_view line : SplitLines(text)) ReadLine(line, depth);
  }

  void Add(MountText text) {
    if (std::ranges::find(found_.mounts, text) != found_.mounts.end()) return;
    if (found_.mounts.size() == kMaxPastedMounts) {
      found_.cut = true;
      return;
    }
    found_.mounts.push_back(std::move(text));
  }

  Result<MountTexts> Finish() {
    if (!found_.mounts.empty()) return std::move(found_);
    return Fail(ErrorKind::kUsage, "the text holds no mount and no payload",
                "paste the whole line, from the type of the mount to its last option");
  }

 private:
  bool ReadJson(std::string_view text, int depth) {
    if (text.find_first_of("{[\"") != 0) return false;
    const Result<JsonValue> json = ParseJson(text);
    if (!json || json->kind == JsonValue::Kind::kOtherNumber) return false;
    if (IsPayload(*json)) {
      Add(PayloadText(LooksLikeKataVolume(*json), EncodeBase64(text)));
      return true;
    }
    JsonMounts found = FindJsonMounts(*json);
    for (MountText& mount : found.mounts) Add(std::move(mount));
    for (const std::string_view inner : found.texts) {
      if (MayHoldMount(inner) || MayHoldPayload(inner)) ReadText(inner, depth + 1);
    }
    if (found_.mounts.empty()) ReadPayloads(text.substr(1), depth);
    return true;
  }

  void ReadPayloads(std::string_view text, int depth) {
    if (!MayHoldPayload(text)) return;
    const std::vector<std::string_view> payloads = FindPayloads(text);
    for (const std::string_view payload : payloads) ReadJson(payload, depth);
    if (payloads.empty() && text.contains("{\\\"")) ReadText(UnquoteGo(text), depth + 1);
  }

  static bool MayHoldPayload(std::string_view text) {
    return text.contains("volume_type") || text.contains("snapshotdir") ||
           text.contains("\"source");
  }

  static bool MayHoldMount(std::string_view text) {
    return HasMountWord(text) || text.contains("nydus-overlayfs");
  }

  void ReadLine(std::string_view line, int depth) {
    const std::string rest = ReadQuotedFields(line, depth);
    if (!MayHoldMount(rest)) {
      ReadPayloads(rest, depth);
      return;
    }
    const std::size_t brace = rest.find("{\"");
    if (brace != kNotFound && ReadJson(TrimBlanks(std::string_view(rest).substr(brace)), depth)) {
      return;
    }
    std::vector<MountText> mounts = FindGoMounts(rest);
    if (!mounts.empty()) {
      for (MountText& mount : mounts) Add(std::move(mount));
    } else if (std::optional<MountText> mount = ReadPlainLine(rest)) {
      Add(std::move(*mount));
    } else {
      ReadPayloads(rest, depth);
    }
  }

  // The quoted fields of a log line are texts of their own (logrus, klog). What is left of it:
  std::string ReadQuotedFields(std::string_view line, int depth) {
    std::string rest;
    for (std::size_t start = FindField(line); start != kNotFound; start = FindField(line)) {
      const QuotedText quoted = ReadQuoted(line, start);
      rest += line.substr(0, start);
      ReadText(quoted.text, depth + 1);
      line.remove_prefix(quoted.end);
    }
    return rest.append(line);
  }

  static std::optional<MountText> ReadPlainLine(std::string_view line) {
    if (auto mount = ReadMountTableLine(line)) return mount;
    const std::vector<std::string> words = SplitShellWords(line);
    if (auto mount = ReadMountCommand(words)) return mount;
    if (std::ranges::find(words, "-o") != words.end()) {
      if (auto mount = ReadMountArguments(words)) return mount;
    }
    return ReadOptionList(line);
  }

  // The first word with something of a mount in it, as written: quotes and backslashes belong to
  // it.
  static std::optional<MountText> ReadOptionList(std::string_view line) {
    for (const std::string& word : SplitAtBlanks(line)) {
      std::string_view options = word;
      if (!HasMountWord(options)) continue;
      if (options.starts_with("-o")) options.remove_prefix(2);
      constexpr std::string_view kQuotes = "'\"`(\\";
      constexpr std::string_view kEnds = "'\"`);:.,\\";
      options.remove_prefix(std::min(options.find_first_not_of(kQuotes), options.size()));
      const bool quote_is_left = std::ranges::count(options, '"') % 2 != 0;
      const std::string_view trimmed = options.substr(0, options.find_last_not_of(kEnds) + 1);
      const bool ends_in_quote = options.substr(trimmed.size()).contains('"');
      if (options.size() < word.size() || (quote_is_left && ends_in_quote)) options = trimmed;
      return MountText{.form = "list of options", .options = std::string(options)};
    }
    return std::nullopt;
  }

  MountTexts found_;
};

}  // namespace

Result<MountTexts> FindMounts(std::string_view text) {
  if (text.size() > kMaxMountTextBytes) {
    return Fail(ErrorKind::kUsage, StrCat("the text is longer than ", kMaxMountTextBytes, " bytes"),
                "paste the line with the mount alone");
  }
  Finder finder;
  finder.ReadText(CleanText(text), 0);
  return finder.Finish();
}

Result<MountTexts> FindMountInWords(const std::vector<std::string>& words) {
  Finder finder;
  std::optional<MountText> mount = ReadMountCommand(words);
  if (!mount) mount = ReadMountArguments(words);
  if (mount) {
    finder.Add(std::move(*mount));
  } else {
    std::string text;
    for (const std::string& word : words) text += StrCat(text.empty() ? "" : " ", word);
    return FindMounts(text);
  }
  return finder.Finish();
}

}  // namespace nydus
