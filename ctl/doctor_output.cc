// SPDX-License-Identifier: Apache-2.0
#include "ctl/doctor_output.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/json_output.h"
#include "ctl/text_output.h"

namespace nydus {

namespace {

constexpr int kSchemaVersion = 1;

std::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kOk: return "ok";
    case Severity::kNote: return "note";
    case Severity::kWarning: return "warning";
    case Severity::kError: return "error";
  }
  std::unreachable();
}

Tone ToneOf(Severity severity) {
  switch (severity) {
    case Severity::kOk: return Tone::kGood;
    case Severity::kNote: return Tone::kFaint;
    case Severity::kWarning: return Tone::kWarning;
    case Severity::kError: return Tone::kBad;
  }
  std::unreachable();
}

std::size_t CountOf(const Findings& findings, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

std::string Counted(std::size_t count, std::string_view name) {
  return StrCat(count, " ", name, count == 1 ? "" : "s");
}

std::string Summary(const Findings& findings) {
  const std::string counts = StrCat(Counted(CountOf(findings, Severity::kError), "error"), ", ",
                                    Counted(CountOf(findings, Severity::kWarning), "warning"), ", ",
                                    Counted(CountOf(findings, Severity::kNote), "note"));
  const bool is_bad = CountOf(findings, Severity::kError) > 0;
  return StrCat(is_bad ? "Found what" : "Nothing found that",
                " keeps Nydus mounts from working: ", counts);
}

// A row for what, and one each for why and the remedy below it.
void AddRows(const Finding& finding, std::vector<std::vector<Cell>>& rows) {
  rows.push_back({{std::string(NameOf(finding.severity)), ToneOf(finding.severity)},
                  {finding.id, Tone::kPlain},
                  {finding.what, Tone::kPlain}});
  if (!finding.why.empty()) rows.push_back({{}, {}, {StrCat("why: ", finding.why), Tone::kFaint}});
  if (!finding.remedy.empty()) rows.push_back({{}, {}, {StrCat("remedy: ", finding.remedy)}});
}

}  // namespace

std::string DoctorText(const Findings& findings, bool colour) {
  std::vector<std::vector<Cell>> rows;
  for (const Finding& finding : findings) AddRows(finding, rows);
  const bool is_bad = CountOf(findings, Severity::kError) > 0;
  TextOutput text(colour);
  text.Table(rows);
  text.Line(Summary(findings), is_bad ? Tone::kBad : Tone::kGood);
  return text.text();
}

std::string DoctorJson(const Findings& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"id", finding.id},
                    {"severity", NameOf(finding.severity)},
                    {"what", finding.what},
                    {"why", finding.why},
                    {"remedy", finding.remedy}});
  }
  return FormatJson({{"version", kSchemaVersion},
                     {"mounts_work", CountOf(findings, Severity::kError) == 0},
                     {"findings", std::move(list)}});
}

}  // namespace nydus
