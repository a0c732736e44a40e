// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/command_line.h"

#include "base/text.h"

namespace nydus {

namespace {

constexpr std::string_view kSeeHelp = "see mount.fuse.nydus-overlayfs(8)";

Failure Usage(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message), std::string(kSeeHelp));
}

bool TakesArgument(char letter) {
  return letter == 'o' || letter == 't' || letter == 'N';
}

class Parser {
 public:
  explicit Parser(std::span<const char* const> arguments) : rest_(arguments) {}

  Result<CommandLine> Parse() {
    TakeLeadingPositionals();
    while (!rest_.empty()) {
      const std::string_view word = Take();
      Result<> taken = word.size() > 1 && word[0] == '-' && !only_positionals_
                           ? TakeOption(word)
                           : TakePositional(word);
      if (!taken) return Failure(std::move(taken.error()));
    }
    if (line_.tolerant || unknown_letter_ == '\0') return Finish();
    return Usage(StrCat("unknown option -", Escape(std::string_view(&unknown_letter_, 1))));
  }

 private:
  std::string_view Take() {
    const std::string_view word = rest_.front();
    rest_ = rest_.subspan(1);
    return word;
  }

  // A source may look like an option, so a directory in second place settles what the first is.
  // mount.fuse leaves an empty source out: then the directory comes first, an option behind it.
  void TakeLeadingPositionals() {
    if (rest_.size() < 2) return;
    const std::string_view first = rest_[0];
    const std::string_view second = rest_[1];
    if (second.starts_with('/') && first != "-o" && first != "-t" && first != "-N") {
      line_.source = Take();
      line_.target = Take();
      positionals_ = 2;
    } else if (first.starts_with('/') && second.starts_with('-')) {
      line_.target = Take();
      positionals_ = 2;
    }
  }

  Result<> TakePositional(std::string_view word) {
    if (positionals_ == 2) return Usage(StrCat("unexpected argument ", Quote(word)));
    (positionals_ == 0 ? line_.source : line_.target) = word;
    ++positionals_;
    return {};
  }

  Result<> TakeOption(std::string_view word) {
    if (word == "--help" || word == "-h") {
      line_.help = true;
      return {};
    }
    if (word == "--version" || word == "-V") {
      line_.version = true;
      return {};
    }
    if (word == "--") {
      only_positionals_ = true;
      return {};
    }
    if (word.starts_with("--")) return Usage(StrCat("unknown option ", Quote(word)));
    return TakeCluster(word.substr(1));
  }

  Result<> TakeCluster(std::string_view letters) {
    while (!letters.empty()) {
      const char letter = letters[0];
      letters.remove_prefix(1);
      if (!TakesArgument(letter)) {
        TakeSwitch(letter);
        continue;
      }
      if (letters.empty() && rest_.empty()) {
        return Usage(StrCat("option -", std::string_view(&letter, 1), " needs an argument"));
      }
      const std::string_view argument = letters.empty() ? Take() : letters;
      if (letter == 'N' && argument.empty()) return Usage("option -N needs a file");
      TakeArgument(letter, argument);
      return {};
    }
    return {};
  }

  void TakeSwitch(char letter) {
    switch (letter) {
      case 's': line_.tolerant = true; break;
      case 'f': line_.fake = true; break;
      case 'n': line_.no_utab = true; break;
      case 'v': line_.verbose = true; break;
      case 'r': AddOptions("ro"); break;
      case 'w': AddOptions("rw"); break;
      default: unknown_letter_ = letter;
    }
  }

  void TakeArgument(char letter, std::string_view argument) {
    if (letter == 'o') {
      AddOptions(argument);
      line_.has_options = true;
    } else if (letter == 'N') {
      line_.namespace_path = argument;
    } else {
      type_ = argument;
    }
  }

  void AddOptions(std::string_view options) {
    if (!line_.options.empty()) line_.options += ',';
    line_.options += options;
  }

  Result<CommandLine> Finish() {
    if (line_.help || line_.version) return std::move(line_);
    if (Result<> type = CheckType(); !type) return Failure(std::move(type.error()));
    if (line_.target.empty()) return Usage("no directory to mount on is given");
    if (!line_.has_options) return Usage("no mount options are given (-o)");
    return std::move(line_);
  }

  // mount(8) passes -t where the helper's name does not end with the type, mount.fuse never does.
  // Installed names may carry a suffix, as containerd's mount types do.
  [[nodiscard]] Result<> CheckType() const {
    std::string_view type = type_;
    for (const std::string_view prefix : {"fuse.", "fuse3."}) {
      if (type.starts_with(prefix)) type.remove_prefix(prefix.size());
    }
    type.remove_prefix(type.rfind('/') + 1);
    if (type.empty() || type.starts_with("nydus-overlayfs")) return {};
    return Usage(StrCat("type ", Quote(type_), " is not nydus-overlayfs"));
  }

  std::span<const char* const> rest_;
  CommandLine line_;
  std::string_view type_;
  int positionals_ = 0;
  bool only_positionals_ = false;
  char unknown_letter_ = '\0';
};

}  // namespace

Result<CommandLine> ParseCommandLine(std::span<const char* const> arguments) {
  return Parser(arguments).Parse();
}

}  // namespace nydus
