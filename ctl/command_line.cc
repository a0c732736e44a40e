// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_line.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <gflags/gflags.h>

#include "base/text.h"

namespace nydus {

namespace {

constexpr std::string_view kSeeHelp = "nydus-overlayctl --help lists the verbs";

Failure Usage(std::string message, std::string hint = {}) {
  return Fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

const Verb* FindVerb(std::string_view name, std::span<const Verb> verbs) {
  const auto found = std::ranges::find(verbs, name, &Verb::name);
  return found == verbs.end() ? nullptr : &*found;
}

bool IsGroup(std::string_view word, std::span<const Verb> verbs) {
  return std::ranges::any_of(verbs, [word](const Verb& verb) {
    return verb.name.starts_with(word) && verb.name.substr(word.size()).starts_with(' ');
  });
}

bool IsHelp(std::string_view word) {
  return word == "--help" || word == "-h";
}

bool ReadsFlagsFromElsewhere(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"flagfile", "fromenv", "tryfromenv",
                                                      "undefok"};
  return std::ranges::find(kNames, name) != kNames.end();
}

// A word of the command line for a message. Somebody may have put a payload there, so a value and
// the end of a long word are left out.
std::string Shown(std::string_view word) {
  constexpr std::size_t kMaxShownBytes = 32;
  const std::string_view name = word.substr(0, word.find('='));
  return Quote(name.substr(0, kMaxShownBytes)) +
         (name.size() < word.size() || name.size() > kMaxShownBytes ? "..." : "");
}

std::string DashedName(std::string_view name) {
  std::string dashed(name);
  std::ranges::replace(dashed, '_', '-');
  return StrCat("--", dashed);
}

std::string FlagName(std::string_view word) {
  std::string name(word);
  std::ranges::replace(name, '-', '_');
  return name;
}

// A flag as gflags knows it, with the value it is to get.
struct FlagSetting {
  std::string name;
  std::optional<std::string> value;
};

bool TakesFlag(const Verb& verb, std::string_view name) {
  return std::ranges::find(verb.flags, name) != verb.flags.end();
}

gflags::CommandLineFlagInfo FlagInfo(const std::string& name) {
  gflags::CommandLineFlagInfo info;
  gflags::GetCommandLineFlagInfo(name.c_str(), &info);
  return info;
}

// "name=value", "name", or "noname" for a switch.
Result<FlagSetting> ReadFlag(std::string_view text, const Verb& verb) {
  const std::size_t equals = text.find('=');
  FlagSetting setting{.name = FlagName(text.substr(0, equals)), .value = std::nullopt};
  if (equals != std::string_view::npos) setting.value = text.substr(equals + 1);
  if (TakesFlag(verb, setting.name)) {
    if (!setting.value && FlagInfo(setting.name).type == "bool") setting.value = "true";
    return setting;
  }
  const std::string positive = setting.name.starts_with("no") ? setting.name.substr(2) : "";
  if (!setting.value && TakesFlag(verb, positive) && FlagInfo(positive).type == "bool") {
    return FlagSetting{.name = positive, .value = "false"};
  }
  if (ReadsFlagsFromElsewhere(setting.name)) {
    return Usage(StrCat(DashedName(setting.name), " is not accepted"),
                 "flags are read from the command line alone");
  }
  return Usage(StrCat(verb.name, " has no flag ", Shown(StrCat("--", text.substr(0, equals)))),
               StrCat("nydus-overlayctl ", verb.name, " --help lists them"));
}

// What a flag takes: its help text, which begins with the value's name, or for a switch two words.
std::string AllowedValues(const std::string& name) {
  const gflags::CommandLineFlagInfo info = FlagInfo(name);
  return info.type == "bool" ? "true or false" : info.description;
}

Result<> SetFlag(const FlagSetting& setting) {
  if (!gflags::SetCommandLineOption(setting.name.c_str(), setting.value->c_str()).empty()) {
    return {};
  }
  return Usage(
      StrCat(DashedName(setting.name), ": ", Shown(*setting.value), " is no value of this flag"),
      AllowedValues(setting.name));
}

Result<> ReadArguments(std::span<const char* const> arguments, Invocation& invocation) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--") {
      for (const char* operand : arguments.subspan(i + 1))
        invocation.operands.emplace_back(operand);
      return {};
    }
    if (IsHelp(word)) {
      invocation.help = true;
      continue;
    }
    if (!word.starts_with('-') || word == "-") {
      invocation.operands.emplace_back(word);
      continue;
    }
    if (!word.starts_with("--")) {
      return Usage(StrCat(Shown(word), " is no flag"),
                   "flags begin with two dashes; operands that begin with one stand behind --");
    }
    Result<FlagSetting> setting = ReadFlag(word.substr(2), *invocation.verb);
    if (!setting) return Failure(std::move(setting.error()));
    if (!setting->value) {
      if (i + 1 == arguments.size())
        return Usage(StrCat(DashedName(setting->name), " needs a value"));
      setting->value = arguments[++i];
    }
    if (Result<> set = SetFlag(*setting); !set) return set;
  }
  return {};
}

}  // namespace

Result<Invocation> ParseInvocation(std::span<const char* const> arguments,
                                   std::span<const Verb> verbs) {
  if (arguments.empty()) return Usage("no verb is given", std::string(kSeeHelp));
  const std::string_view word = arguments.front();
  if (IsHelp(word) || word == "help") return Invocation{.help = true};
  if (word == "--version") return Invocation{.version = true};

  std::size_t words = 1;
  const Verb* verb = FindVerb(word, verbs);
  if (verb == nullptr && IsGroup(word, verbs)) {
    if (arguments.size() == 1) {
      return Usage(StrCat(word, " wants a second word"),
                   StrCat("nydus-overlayctl ", word, " --help lists them"));
    }
    if (IsHelp(arguments[1])) return Invocation{.group = word, .help = true};
    verb = FindVerb(StrCat(word, " ", arguments[1]), verbs);
    words = 2;
  }
  if (verb == nullptr) {
    const std::string name = words == 1 ? std::string(word) : StrCat(word, " ", arguments[1]);
    return Usage(StrCat(Shown(name), " is no verb"), std::string(kSeeHelp));
  }
  Invocation invocation{.verb = verb};
  if (Result<> read = ReadArguments(arguments.subspan(words), invocation); !read) {
    return Failure(std::move(read.error()));
  }
  return invocation;
}

}  // namespace nydus
