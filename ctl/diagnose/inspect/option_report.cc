// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/option_report.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "ctl/diagnose/inspect/masking.h"
#include "mount_helper/escapes.h"
#include "mount_helper/option_string.h"
#include "mount_helper/option_table.h"

namespace nydus {

namespace {

// Longer words are no option's name, whatever else they are.
constexpr std::size_t kMaxNameBytes = 40;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '+' ||
         c == '-';
}

bool LooksLikeName(std::string_view name) {
  return name.size() <= kMaxNameBytes && std::ranges::all_of(name, IsNameByte);
}

bool IsLayer(std::string_view name) {
  return name == "lowerdir+" || name == "datadir+";
}

std::string MeaningOf(const OptionRow& row) {
  switch (row.kind) {
    case OptionKind::kAttribute:
      return row.set ? "flag of the mount" : "clears a flag of the mount";
    case OptionKind::kAtime: return "how access times are kept";
    case OptionKind::kSuperBlock:
      return row.set ? "flag of the super block" : "clears a flag of the super block";
    case OptionKind::kPropagation: return "propagation, set after the mount";
    case OptionKind::kRemount: return "changes the flags of a mount";
    case OptionKind::kLowerDirectory: return "lower directories, top first";
    case OptionKind::kUpperDirectory: return "upper directory: takes what is written";
    case OptionKind::kWorkDirectory: return "work directory of overlay";
    case OptionKind::kVolatile: return "overlay does not sync; not for containerd's own mounts";
    case OptionKind::kSecurityContext: return "SELinux context";
    case OptionKind::kExtraOption: return "payload for Kata: how nydusd mounts the image";
    case OptionKind::kKataVolume: return "payload for Kata: a volume";
    case OptionKind::kMode: return "how the helper mounts";
    case OptionKind::kPayloadPolicy: return "how strictly the helper judges payloads";
    case OptionKind::kSandbox:
    case OptionKind::kContainer:
    case OptionKind::kApiSocket:
    case OptionKind::kLayout: return "where a hand-over in Kata mode goes";
    case OptionKind::kDropped: return "for mount(8) or systemd; dropped";
    case OptionKind::kRefused: return StrCat("refused: ", row.reason);
  }
  std::unreachable();
}

// What the option's value must look like to be shown; nothing if it never is.
std::optional<ValueKind> ValueKindOf(const OptionRow& row) {
  switch (row.kind) {
    case OptionKind::kLowerDirectory: return ValueKind::kLayers;
    case OptionKind::kUpperDirectory:
    case OptionKind::kWorkDirectory: return ValueKind::kDirectory;
    case OptionKind::kSecurityContext: return ValueKind::kSecurityContext;
    case OptionKind::kVolatile:
    case OptionKind::kMode:
    case OptionKind::kPayloadPolicy:
    case OptionKind::kLayout: return ValueKind::kWord;
    case OptionKind::kSandbox:
    case OptionKind::kContainer: return ValueKind::kIdentifier;
    case OptionKind::kApiSocket: return ValueKind::kPath;
    default: return std::nullopt;
  }
}

bool IsDirectory(const OptionRow& row) {
  return row.kind == OptionKind::kLowerDirectory || row.kind == OptionKind::kUpperDirectory ||
         row.kind == OptionKind::kWorkDirectory;
}

class Reporter {
 public:
  // Bare JSON in an option is cut at its commas: then no piece may pass for a name.
  explicit Reporter(std::string_view options)
      : rest_(options), has_json_(options.find_first_of("{}") != std::string_view::npos) {}

  OptionReports Report() {
    while (true) {
      const Result<std::optional<OptionWord>> word = NextOption(rest_);
      if (!word) {
        reports_.options.push_back({.value = Mask(rest_),
                                    .masked = true,
                                    .meaning = StrCat("not read: ", word.error().message)});
        break;
      }
      if (!*word) break;
      if (reports_.options.size() == kMaxInspectedOptions) {
        reports_.cut = true;
        break;
      }
      Add(**word);
    }
    return std::move(reports_);
  }

 private:
  void Add(const OptionWord& word) {
    const OptionRow* row = FindOption(word.name, word.value.has_value());
    OptionReport report = row != nullptr ? Known(*row, word) : Unknown(word);
    if (row != nullptr && row->kind == OptionKind::kExtraOption) {
      AddPayload(PayloadKind::kExtraOption, word);
    } else if (row != nullptr && row->kind == OptionKind::kKataVolume) {
      AddPayload(PayloadKind::kKataVolume, word);
    }
    if (row != nullptr && IsDirectory(*row)) MarkReplaced(word.name);
    reports_.options.push_back(std::move(report));
  }

  // As in the kernel, the last lowerdir=, upperdir= and workdir= count.
  void MarkReplaced(std::string_view name) {
    constexpr std::string_view kReplaced = "replaced by a later one";
    for (OptionReport& earlier : reports_.options) {
      if (earlier.name == name) earlier.meaning = kReplaced;
    }
  }

  void AddPayload(PayloadKind kind, const OptionWord& word) {
    reports_.payloads.push_back({kind, std::string(word.value.value_or(""))});
  }

  OptionReport Known(const OptionRow& row, const OptionWord& word) {
    OptionReport report{.name = std::string(word.name), .meaning = MeaningOf(row)};
    const std::string_view rest =
        row.value == OptionValue::kPrefix ? word.name.substr(row.name.size()) : std::string_view();
    if (!IsShowable(rest)) {
      Hide(std::string(word.name));
      report.name = StrCat(row.name, Mask(rest));
    }
    SetValue(report, word, ValueKindOf(row));
    if (IsDirectory(row) && report.masked) HideDirectories(word.value.value_or(""));
    return report;
  }

  OptionReport Unknown(const OptionWord& word) {
    OptionReport report{.name = std::string(word.name),
                        .meaning = "unknown here; passed to overlay"};
    if (!IsShowable(word.name)) {
      Hide(std::string(word.name));
      report.name = Mask(word.name);
      report.masked = true;
      report.meaning = "no name of an option";
    }
    SetValue(report, word, IsLayer(word.name) ? ValueKind::kDirectory : ValueKind::kWord);
    return report;
  }

  [[nodiscard]] bool IsShowable(std::string_view name) const {
    return name.empty() || (!has_json_ && LooksLikeName(name));
  }

  static void SetValue(OptionReport& report, const OptionWord& word,
                       std::optional<ValueKind> kind) {
    if (!word.value) return;
    ShownValue shown = ShowValue(kind, *word.value);
    report.value = std::move(shown.text);
    report.masked = report.masked || shown.masked;
  }

  void Hide(std::string text) {
    reports_.hidden_cut = reports_.hidden.size() == kMaxHiddenTexts;
    if (!reports_.hidden_cut) reports_.hidden.push_back(std::move(text));
  }

  // A message names the value or one layer of it, without its escapes.
  void HideDirectories(std::string_view value) {
    Hide(UnescapePath(value));
    while (!reports_.hidden_cut) {
      const std::size_t end = FindUnescaped(value, ':');
      if (end > 0) Hide(UnescapePath(value.substr(0, end)));
      if (end == value.size()) break;
      value.remove_prefix(end + 1);
    }
  }

  std::string_view rest_;
  bool has_json_;
  OptionReports reports_;
};

}  // namespace

OptionReports ReportOptions(std::string_view options) {
  return Reporter(options).Report();
}

std::string WithoutHidden(std::string message, const std::vector<std::string>& hidden) {
  for (const std::string& text : hidden) {
    const std::string quoted = Quote(text);
    const std::string mask = Mask(text);
    for (std::size_t at = message.find(quoted); at != std::string::npos;
         at = message.find(quoted, at + mask.size())) {
      message.replace(at, quoted.size(), mask);
    }
  }
  return message;
}

}  // namespace nydus
