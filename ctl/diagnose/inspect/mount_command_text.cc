// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/mount_command_text.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "ctl/diagnose/inspect/text_cleaning.h"

namespace nydus {

namespace {

constexpr std::array<std::string_view, 8> kMountWords = {
    "lowerdir=",  "upperdir=", "workdir=",   "extraoption=", "io.katacontainers.volume=",
    "lowerdir+=", "datadir+=", "nydus.mode="};

// How many words of a command line are tried as the program that mounts.
constexpr int kMaxPrograms = 64;

constexpr std::string_view kHelperName = "nydus-overlayfs";

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

enum class Program { kNone, kMount, kMountFuse, kHelper, kShell };

Program ProgramOf(std::string_view word) {
  std::string_view name = BaseName(word);
  if (name == "mount") return Program::kMount;
  if (name == "mount.fuse" || name == "mount.fuse3") return Program::kMountFuse;
  if (name == "sh" || name == "bash" || name == "dash") return Program::kShell;
  for (const std::string_view prefix : {"mount.fuse.", "mount.fuse3."}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  return name.starts_with(kHelperName) ? Program::kHelper : Program::kNone;
}

bool EndsCommand(std::string_view word) {
  constexpr std::array<std::string_view, 5> kEnds = {";", "&&", "||", "|", "&"};
  return std::ranges::find(kEnds, word) != kEnds.end();
}

// What the words behind a program say, by the rules that all of the programs share.
class ArgumentReader {
 public:
  explicit ArgumentReader(std::span<const std::string> words) : rest_(words) {}

  MountText Read() {
    while (!rest_.empty() && !EndsCommand(rest_.front())) TakeWord();
    if (operands_.size() == 1) {
      text_.target = operands_[0];
    } else if (operands_.size() > 1) {
      text_.source = operands_[0];
      text_.target = operands_[1];
    }
    return std::move(text_);
  }

 private:
  std::string_view Take() {
    const std::string_view word = rest_.front();
    rest_ = rest_.subspan(1);
    return word;
  }

  void TakeWord() {
    const std::string_view word = Take();
    if (word.size() < 2 || word[0] != '-') {
      operands_.push_back(word);
    } else if (word.starts_with("--")) {
      TakeLong(word.substr(2));
    } else {
      TakeLetters(word.substr(1));
    }
  }

  void TakeLong(std::string_view word) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const bool takes_value = name == "options" || name == "types" || name == "namespace";
    if (!takes_value) return;
    std::string_view value;
    if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (!rest_.empty()) {
      value = Take();
    }
    Set(name[0], value);
  }

  void TakeLetters(std::string_view letters) {
    while (!letters.empty()) {
      const char letter = letters[0];
      letters.remove_prefix(1);
      if (letter == 'r' || letter == 'w') Set('o', letter == 'r' ? "ro" : "rw");
      if (letter != 'o' && letter != 't' && letter != 'N') continue;
      if (!letters.empty()) {
        Set(letter, letters);
        return;
      }
      if (!rest_.empty()) {
        Set(letter, Take());
        return;
      }
    }
  }

  void Set(char letter, std::string_view value) {
    if (letter == 't') text_.type = value;
    if (letter != 'o') return;
    if (!text_.options.empty()) text_.options += ',';
    text_.options += value;
  }

  std::span<const std::string> rest_;
  MountText text_;
  std::vector<std::string_view> operands_;
};

// containerd makes the helper's name of the type, so the name says what the type was.
std::string TypeOfHelper(std::string_view program) {
  if (BaseName(program).starts_with("mount.")) return StrCat("fuse.", kHelperName);
  return StrCat("fuse.", program);
}

std::optional<MountText> ReadProgram(std::span<const std::string> words) {
  const Program program = ProgramOf(words[0]);
  if (program == Program::kShell) {
    const auto command = std::ranges::find(words, "-c");
    if (command == words.end() || command + 1 == words.end()) return std::nullopt;
    const std::vector<std::string> inner = SplitShellWords(command[1]);
    // A shell in a shell is nobody's mount.
    if (inner.empty() || ProgramOf(inner[0]) == Program::kShell) return std::nullopt;
    return ReadMountCommand(inner);
  }
  MountText text = ArgumentReader(words.subspan(1)).Read();
  switch (program) {
    case Program::kMountFuse:
      text.form = "call of mount.fuse";
      text.type.insert(0, BaseName(words[0]) == "mount.fuse3" ? "fuse3." : "fuse.");
      break;
    case Program::kHelper:
      text.form = "command line of the helper";
      if (text.type.empty()) text.type = TypeOfHelper(words[0]);
      break;
    default: text.form = "mount command";
  }
  if (!HasMountWord(text.options) && !text.type.contains(kHelperName)) return std::nullopt;
  if (text.options.empty() && text.target.empty()) return std::nullopt;
  return text;
}

bool IsOctal(char c) {
  return c >= '0' && c <= '7';
}

// In mount tables \040 and the like stand for blanks and backslashes.
std::string UnescapeTableField(std::string_view field) {
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && IsOctal(field[i + 1]) &&
        IsOctal(field[i + 2]) && IsOctal(field[i + 3])) {
      unsigned value = 0;
      for (std::size_t digit = 1; digit <= 3; ++digit) {
        value = (value << 3U) | static_cast<unsigned>(field[i + digit] - '0');
      }
      text += static_cast<char>(value);
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

MountText TableEntry(std::string_view type, std::string_view source, std::string_view target,
                     std::string_view options) {
  return {.form = "line of a mount table",
          .type = std::string(type),
          .source = UnescapeTableField(source),
          .target = UnescapeTableField(target),
          .options = UnescapeTableField(options)};
}

// The lines of the tree that findmnt(8) draws before a target, in Unicode or ASCII.
bool IsTreeDrawing(std::string_view text) {
  constexpr std::string_view kBoxDrawing = "\xe2\x94";  // U+2500 to U+253F
  return text.starts_with(kBoxDrawing) || text.find_first_not_of("|`-") == std::string_view::npos;
}

// findmnt(8): TARGET SOURCE FSTYPE OPTIONS, the target behind the lines of a tree. In fstab(5) the
// source comes first; its second field is a path, which the source of layers is not.
std::optional<MountText> ReadFindmntLine(std::span<const std::string> fields) {
  while (fields.size() > 4 && IsTreeDrawing(fields[0])) fields = fields.subspan(1);
  if (fields.size() != 4 || fields[1].starts_with('/') || !HasMountWord(fields[3])) {
    return std::nullopt;
  }
  const std::string_view first = fields[0];
  const std::size_t slash = first.find('/');
  if (slash == std::string_view::npos || !IsTreeDrawing(first.substr(0, slash))) {
    return std::nullopt;
  }
  return TableEntry(fields[2], fields[1], first.substr(slash), fields[3]);
}

}  // namespace

bool HasMountWord(std::string_view text) {
  const std::string lower = ToLower(text);
  return std::ranges::any_of(kMountWords,
                             [&lower](std::string_view word) { return lower.contains(word); });
}

std::string JoinOptions(std::span<const std::string> words) {
  std::string options;
  for (const std::string& word : words) {
    if (!options.empty()) options += ',';
    options += word;
  }
  return options;
}

std::optional<MountText> ReadMountCommand(std::span<const std::string> words) {
  int programs = 0;
  for (; !words.empty() && programs < kMaxPrograms; words = words.subspan(1)) {
    if (ProgramOf(words[0]) == Program::kNone) continue;
    ++programs;
    if (std::optional<MountText> text = ReadProgram(words)) return text;
  }
  return std::nullopt;
}

std::optional<MountText> ReadMountArguments(std::span<const std::string> words) {
  MountText text = ArgumentReader(words).Read();
  if (!HasMountWord(text.options)) return std::nullopt;
  text.form = "arguments of a mount";
  return text;
}

std::optional<MountText> ReadMountTableLine(std::string_view line) {
  const std::vector<std::string> fields = SplitAtBlanks(line);
  if (fields.size() < 4) return std::nullopt;
  const auto dash = std::ranges::find(fields, "-");
  if (fields[0].find_first_not_of("0123456789") == std::string::npos && fields.size() >= 10 &&
      fields.end() - dash >= 4 && HasMountWord(dash[3])) {
    return TableEntry(dash[1], dash[2], fields[4], StrCat(fields[5], ",", dash[3]));
  }
  if (fields.size() >= 6 && fields[1] == "on" && fields[3] == "type" && fields[5].size() > 2 &&
      fields[5].starts_with('(') && HasMountWord(fields[5])) {
    std::string_view options = fields[5];
    options.remove_prefix(1);
    if (options.ends_with(')')) options.remove_suffix(1);
    return TableEntry(fields[4], fields[0], fields[2], options);
  }
  if (auto entry = ReadFindmntLine(fields)) return entry;
  const bool is_table = fields.size() == 4 || fields.size() == 6;
  if (is_table && fields[1].starts_with('/') && HasMountWord(fields[3])) {
    return TableEntry(fields[2], fields[0], fields[1], fields[3]);
  }
  return std::nullopt;
}

}  // namespace nydus
