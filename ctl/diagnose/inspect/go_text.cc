// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/go_text.h"

#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "ctl/diagnose/inspect/go_error.h"
#include "ctl/diagnose/inspect/mount_command_text.h"
#include "ctl/diagnose/inspect/text_cleaning.h"

namespace nydus {

namespace {

constexpr std::size_t kNotFound = std::string_view::npos;

// Go prints a list of words with blanks between them and no quotes, so `text` is cut where an
// option begins: paths may hold blanks.
std::vector<std::string_view> SplitAt(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> pieces;
  for (std::size_t end = text.find(separator); end != kNotFound; end = text.find(separator)) {
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  pieces.push_back(text);
  return pieces;
}

// "overlay /t -o a -o b -t nydus-overlayfs"
MountText ReadFuseArguments(std::string_view arguments, std::string_view program) {
  MountText text{.form = "containerd's call of mount.fuse"};
  std::vector<std::string_view> pieces = SplitAt(arguments, " -o ");
  const std::size_t type = pieces.back().rfind(" -t ");
  if (type != kNotFound) {
    text.type =
        StrCat(program == "mount.fuse3" ? "fuse3." : "fuse.", pieces.back().substr(type + 4));
    pieces.back() = pieces.back().substr(0, type);
  }
  const std::string_view operands = pieces[0];
  const std::size_t blank = operands.find(' ');
  text.source = operands.substr(0, blank);
  if (blank != kNotFound) text.target = operands.substr(blank + 1);
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    if (i > 1) text.options += ',';
    text.options += pieces[i];
  }
  return text;
}

// The value of `name` in "Type:fuse.x Source:overlay Target: "; names end each other's values.
std::string NamedField(std::string_view head, std::string_view name) {
  std::size_t start = head.find(name);
  if (start == kNotFound) return {};
  start += name.size();
  std::size_t end = head.size();
  for (const std::string_view other : {"Type:", "Source:", "Target:", "Options:"}) {
    end = std::min(end, head.find(other, start));
  }
  std::string_view value = TrimBlanks(head.substr(start, end - start));
  if (value.ends_with(',')) value.remove_suffix(1);
  return std::string(value);
}

// The fields before the options of a mount.Mount.
MountText ReadStruct(std::string_view head, std::string_view options) {
  MountText text{.form = "mount of a Go program", .options = JoinOptions(SplitAtBlanks(options))};
  if (head.contains("Type:")) {
    text.type = NamedField(head, "Type:");
    text.source = NamedField(head, "Source:");
    text.target = NamedField(head, "Target:");
    return text;
  }
  const std::size_t type_end = std::min(head.find(' '), head.size());
  text.type = head.substr(0, type_end);
  head.remove_prefix(std::min(type_end + 1, head.size()));
  const std::size_t source_end = std::min(head.find(' '), head.size());
  text.source = head.substr(0, source_end);
  head.remove_prefix(source_end);
  text.target = TrimBlanks(head);
  return text;
}

// The innermost bracket at or behind `from` whose content concerns us.
struct Bracket {
  std::size_t begin = kNotFound;  // of the content
  std::size_t end = kNotFound;
};

std::optional<Bracket> NextBracket(std::string_view line, std::size_t from) {
  while (true) {
    const std::size_t first = line.find('[', from);
    if (first == kNotFound) return std::nullopt;
    const std::size_t close = std::min(line.find(']', first), line.size());
    const std::size_t open = line.rfind('[', close);
    if (HasMountWord(line.substr(open, close - open))) return Bracket{open + 1, close};
    from = close;
  }
}

std::optional<std::string_view> FuseProgramBefore(std::string_view prefix) {
  for (const std::string_view program : {"mount.fuse3", "mount.fuse"}) {
    if (prefix.ends_with(StrCat(program, " ["))) return program;
  }
  return std::nullopt;
}

// The text between the last open brace and the bracket, if there is such a brace.
std::optional<std::string_view> StructHead(std::string_view prefix) {
  prefix.remove_suffix(1);
  const std::size_t brace = prefix.rfind('{');
  if (brace == kNotFound || prefix.find('}', brace) != kNotFound) return std::nullopt;
  return prefix.substr(brace + 1);
}

// `prefix` is what stands between the bracket before and this one.
MountText ReadBracket(std::string_view line, std::string_view prefix, const Bracket& bracket) {
  const std::string_view content = line.substr(bracket.begin, bracket.end - bracket.begin);
  if (const auto program = FuseProgramBefore(prefix)) {
    MountText outcome;
    const int quotings = ReadOutcome(line.substr(bracket.end), outcome);
    MountText text = ReadFuseArguments(UnquoteGo(content, quotings), *program);
    text.report = std::move(outcome.report);
    text.status = outcome.status;
    text.signal = outcome.signal;
    return text;
  }
  if (const auto head = StructHead(prefix)) return ReadStruct(*head, content);
  const std::vector<std::string> words = SplitAtBlanks(content);
  if (std::optional<MountText> text = ReadMountCommand(words)) return *text;
  if (std::optional<MountText> text = ReadMountArguments(words)) return *text;
  return {.form = "list of options", .options = JoinOptions(words)};
}

// One `name:"value"` of protobuf text at `position`; behind it on success.
std::optional<std::pair<std::string, std::string>> NextProtoField(std::string_view line,
                                                                  std::size_t& position) {
  const std::size_t colon = line.find(":\"", position);
  if (colon == kNotFound) return std::nullopt;
  std::string_view name = line.substr(position, colon - position);
  name.remove_prefix(name.find_last_of(" {<[,\t") + 1);
  QuotedText value = ReadQuoted(line, colon + 1);
  position = value.end;
  return std::pair(std::string(name), std::move(value.text));
}

std::vector<MountText> FindProtoMounts(std::string_view line) {
  std::vector<MountText> found;
  MountText text;
  const auto finish = [&] {
    if (HasMountWord(text.options)) {
      text.form = "mount in protobuf text";
      found.push_back(std::move(text));
    }
    text = {};
  };
  for (std::size_t position = 0; const auto field = NextProtoField(line, position);) {
    const auto& [name, value] = *field;
    if (name == "type") {
      finish();
      text.type = value;
    } else if (name == "source") {
      text.source = value;
    } else if (name == "target") {
      text.target = value;
    } else if (name == "options") {
      text.options += StrCat(text.options.empty() ? "" : ",", value);
    }
  }
  finish();
  return found;
}

}  // namespace

std::vector<MountText> FindGoMounts(std::string_view line) {
  if (line.contains("options:\"")) return FindProtoMounts(line);
  std::vector<MountText> found = FindNativeMounts(line);
  if (!found.empty()) return found;
  std::size_t position = 0;
  while (const std::optional<Bracket> bracket = NextBracket(line, position)) {
    const std::string_view prefix = line.substr(position, bracket->begin - position);
    found.push_back(ReadBracket(line, prefix, *bracket));
    position = bracket->end;
  }
  return found;
}

}  // namespace nydus
