// SPDX-License-Identifier: Apache-2.0
#include "ctl/help_text.h"

#include <algorithm>
#include <vector>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/text_output.h"

namespace nydus {

namespace {

constexpr std::string_view kExitStatus =
    "Exit status: 0 good, 1 bad command line or input, 2 system error, 3 what was\n"
    "examined is bad, 4 internal error.";

std::string VerbTable(std::span<const Verb> verbs, std::string_view group) {
  std::vector<std::vector<Cell>> rows;
  for (const Verb& verb : verbs) {
    if (!group.empty() && !verb.name.starts_with(StrCat(group, " "))) continue;
    rows.push_back({{std::string(verb.name)}, {std::string(verb.summary)}});
  }
  TextOutput text(false);
  text.Table(rows);
  return text.text();
}

bool IsValueName(std::string_view word) {
  return !word.empty() &&
         std::ranges::all_of(word, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

std::vector<Cell> FlagRow(std::string_view name) {
  const gflags::CommandLineFlagInfo info =
      gflags::GetCommandLineFlagInfoOrDie(std::string(name).c_str());
  std::string flag = "--" + info.name;
  std::ranges::replace(flag, '_', '-');
  std::string_view description = info.description;
  const std::size_t colon = description.find(": ");
  if (colon != std::string_view::npos && IsValueName(description.substr(0, colon))) {
    flag += StrCat("=", description.substr(0, colon));
    description.remove_prefix(colon + 2);
  }
  std::string text(description);
  if (info.type != "bool" && !info.default_value.empty()) {
    text += StrCat(" (default ", info.default_value, ")");
  }
  return {{flag}, {text}};
}

}  // namespace

std::string ToolHelp(std::span<const Verb> verbs) {
  return StrCat(
      "Usage: nydus-overlayctl VERB [FLAG...] [OPERAND...]\n\n"
      "Explains, makes and verifies what nydus-snapshotter hands to the mount helper, and serves\n"
      "images to guests.\n\n",
      VerbTable(verbs, {}),
      "\n  --help     this text; behind a verb, that verb's\n"
      "  --version  the version\n\n",
      kExitStatus, "\n\nThe whole story is in nydus-overlayctl(1).\n");
}

std::string GroupHelp(std::string_view group, std::span<const Verb> verbs) {
  return StrCat("Usage: nydus-overlayctl ", group, " VERB [FLAG...] [OPERAND...]\n\n",
                VerbTable(verbs, group));
}

std::string VerbHelp(const Verb& verb) {
  std::vector<std::vector<Cell>> rows;
  for (const std::string_view flag : verb.flags) rows.push_back(FlagRow(flag));
  TextOutput flags(false);
  flags.Table(rows);
  return StrCat("Usage: nydus-overlayctl ", verb.name, verb.flags.empty() ? "" : " [FLAG...]",
                verb.operands.empty() ? "" : " ", verb.operands, "\n\n", verb.description,
                verb.flags.empty() ? "" : "\n", flags.text());
}

}  // namespace nydus
