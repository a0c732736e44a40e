// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "ctl/diagnose/inspect/image_text.h"
#include "ctl/inspect_output.h"
#include "ctl/text_output.h"

namespace nydus {

namespace {

using Row = std::vector<Cell>;
using Rows = std::vector<Row>;

// How much of a long value, and how many lines of a long list, fit on a screen.
constexpr std::size_t kMaxValueBytes = 160;
constexpr std::size_t kMaxLines = 12;

constexpr std::string_view kJsonHasAll = "--json shows all";

// Cut between two code points.
std::string Shorten(std::string_view text) {
  if (text.size() <= kMaxValueBytes) return std::string(text);
  std::size_t end = 0;
  while (end < kMaxValueBytes)
    end += std::max<std::size_t>(1, Utf8SequenceLength(text.substr(end)));
  return StrCat(text.substr(0, end), "... (", text.size(), " bytes)");
}

std::string YesOrNo(bool yes) {
  return yes ? "yes" : "no";
}

void AddOverflow(std::size_t total, Rows& rows) {
  if (total > kMaxLines) {
    rows.push_back({{StrCat("and ", total - kMaxLines, " more; ", kJsonHasAll), Tone::kFaint}});
  }
}

void ShowMount(const Inspection& mount, TextOutput& out) {
  Rows rows;
  if (!mount.type.empty()) {
    rows.push_back(
        {{"type"},
         {StrCat(mount.type, " (taken by Kata, Go: ", YesOrNo(mount.kata_go_takes_type == true),
                 "; by Kata, Rust: ", YesOrNo(mount.kata_rust_takes_type == true), ")")}});
  }
  if (!mount.source.empty()) rows.push_back({{"source"}, {Shorten(mount.source)}});
  if (!mount.target.empty()) rows.push_back({{"target"}, {Shorten(mount.target)}});
  if (!mount.report.empty()) rows.push_back({{"error"}, {mount.report, Tone::kBad}});
  if (mount.status) {
    const std::string_view colon = mount.status_meaning.empty() ? "" : ": ";
    rows.push_back({{"status"}, {StrCat(*mount.status, colon, mount.status_meaning)}});
  }
  if (mount.signal) rows.push_back({{"signal"}, {StrCat(*mount.signal)}});
  out.Table(rows);
}

void ShowOptions(const Inspection& mount, TextOutput& out) {
  if (mount.options.empty()) return;
  out.Heading("Options");
  Rows rows;
  for (const OptionReport& option : mount.options) {
    if (rows.size() == kMaxLines) break;
    rows.push_back({{option.name},
                    {option.meaning, Tone::kFaint},
                    {Shorten(option.value), option.masked ? Tone::kFaint : Tone::kPlain}});
  }
  AddOverflow(mount.options.size(), rows);
  out.Table(rows);
}

// Members of one object share a line: a configuration has many, and few that matter.
void ShowFields(const std::vector<PayloadField>& fields, TextOutput& out) {
  Rows rows;
  for (std::size_t i = 0; i < fields.size();) {
    const std::string& group = fields[i].group;
    if (group.empty()) {
      rows.push_back({{fields[i].name},
                      {Shorten(fields[i].value), fields[i].masked ? Tone::kFaint : Tone::kPlain}});
      ++i;
      continue;
    }
    std::string line;
    for (; i < fields.size() && fields[i].group == group; ++i) {
      line += StrCat(line.empty() ? "" : ", ", fields[i].name, "=", Shorten(fields[i].value));
    }
    rows.push_back({{group}, {std::move(line)}});
  }
  const std::size_t total = rows.size();
  if (total > kMaxLines) rows.resize(kMaxLines);
  AddOverflow(total, rows);
  out.Table(rows);
}

void ShowVerdicts(const PayloadReport& payload, TextOutput& out) {
  Rows rows;
  std::string accepting;
  for (const Verdict& verdict : payload.verdicts) {
    if (verdict.accepted) accepting += StrCat(accepting.empty() ? "" : "; ", verdict.judge);
  }
  if (!accepting.empty()) rows.push_back({{"accepted by"}, {accepting, Tone::kGood}});
  for (const Verdict& verdict : payload.verdicts) {
    if (verdict.accepted) continue;
    rows.push_back({{"refused by"}, {StrCat(verdict.judge, ": ", verdict.reason), Tone::kBad}});
  }
  for (const Use& use : payload.uses) {
    rows.push_back({{std::string(use.program)}, {use.effect}});
  }
  out.Table(rows);
}

void ShowPayloads(const Inspection& mount, TextOutput& out) {
  const std::size_t count = mount.payloads.size();
  for (std::size_t i = 0; i < count; ++i) {
    const PayloadReport& payload = mount.payloads[i];
    out.Heading(StrCat("Payload ", i + 1, " of ", count, ": ", PayloadOptionName(payload.kind),
                       ", ", payload.bytes, " bytes"));
    if (!payload.problem.empty()) {
      out.Table({{{StrCat("cannot be read: ", payload.problem), Tone::kBad}}});
    }
    ShowFields(payload.fields, out);
    ShowVerdicts(payload, out);
  }
}

void ShowPlan(const Inspection& mount, TextOutput& out) {
  if (mount.is_payload) return;
  out.Heading("What the helper would do");
  Rows rows;
  if (!mount.refusal.empty()) {
    const std::string hint =
        mount.refusal_hint.empty() ? "" : StrCat(" (", mount.refusal_hint, ")");
    rows.push_back({{StrCat("refuse: ", mount.refusal, hint), Tone::kBad}});
  }
  const std::size_t shown = std::min(mount.plan.size(), kMaxLines);
  for (const std::string& line : std::span(mount.plan).first(shown)) {
    rows.push_back({{Shorten(line)}});
  }
  AddOverflow(mount.plan.size(), rows);
  out.Table(rows);
}

Row PathRow(const PathReport& path) {
  using State = PathReport::State;
  switch (path.state) {
    case State::kDirectory: return {{path.role}, {"is here", Tone::kGood}, {Shorten(path.path)}};
    case State::kImage: return {{path.role}, {path.detail, Tone::kGood}, {Shorten(path.path)}};
    case State::kOther: return {{path.role}, {path.detail, Tone::kWarning}, {Shorten(path.path)}};
    case State::kMissing: return {{path.role}, {"not here", Tone::kWarning}, {Shorten(path.path)}};
    case State::kUnusable: return {{path.role}, {path.detail, Tone::kBad}, {Shorten(path.path)}};
  }
  std::unreachable();
}

// What is not as it should be goes first, so that a long list does not hide it.
void ShowPaths(const Inspection& mount, TextOutput& out) {
  if (mount.paths.empty()) return;
  out.Heading("On this machine");
  const auto is_missing = [](const PathReport& path) {
    return path.state == PathReport::State::kMissing;
  };
  if (std::ranges::all_of(mount.paths, is_missing)) {
    out.Line(StrCat("  is none of the ", mount.paths.size(), " directories and files named above"));
    return;
  }
  std::vector<const PathReport*> paths;
  for (const bool directories : {false, true}) {
    for (const PathReport& path : mount.paths) {
      if ((path.state == PathReport::State::kDirectory) == directories) paths.push_back(&path);
    }
  }
  Rows rows;
  for (const PathReport* path : paths) {
    if (rows.size() == kMaxLines) break;
    rows.push_back(PathRow(*path));
  }
  AddOverflow(paths.size(), rows);
  out.Table(rows);
}

void ShowHints(const Inspection& mount, TextOutput& out) {
  if (mount.hints.empty()) return;
  out.Heading("Worth knowing");
  for (const std::string& hint : mount.hints) out.Line(StrCat("  - ", hint), Tone::kWarning);
}

void ShowOne(const Inspection& mount, std::string_view title, TextOutput& out) {
  out.Heading(title);
  ShowMount(mount, out);
  ShowHints(mount, out);
  ShowOptions(mount, out);
  ShowPayloads(mount, out);
  ShowPlan(mount, out);
  ShowPaths(mount, out);
}

}  // namespace

std::string InspectionText(const InspectionResult& result, bool colour) {
  TextOutput out(colour);
  if (result.image) {
    out.Line(DescribeImage(*result.image));
    return out.text();
  }
  const std::size_t count = result.mounts.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = count == 1 ? "" : StrCat(i + 1, " of ", count, ": ");
    ShowOne(result.mounts[i], StrCat(number, result.mounts[i].form), out);
  }
  if (result.cut) out.Line("the text holds more mounts, which were not looked at", Tone::kWarning);
  return out.text();
}

}  // namespace nydus
