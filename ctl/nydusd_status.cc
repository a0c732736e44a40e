// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/json_output.h"
#include "ctl/nydusd_output.h"
#include "ctl/nydusd_target.h"
#include "ctl/terminal.h"
#include "ctl/text_output.h"
#include "ctl/verbs.h"

namespace nydus {

namespace {

// Of packaging/schema/nydusd-status.schema.json.
constexpr int kSchemaVersion = 1;

constexpr std::string_view kDescription =
    "Says which nydusd answers, its state, and what it serves where. With MOUNT_POINT, says what\n"
    "nydusd knows of the image that is mounted there, in nydusd's own words; with --json, in its\n"
    "own JSON. The status is 3 if nydusd is not running.\n";

constexpr std::string_view kFlags[] = {"apisock", "sandbox", "rootless_dir",
                                       "timeout", "json",    "color"};

std::string StatusText(const NydusdInformation& information) {
  const bool running = information.state == kNydusdRunning;
  TextOutput text(WantsColour());
  text.Heading("nydusd");
  text.Table({{{"state"}, {Escape(information.state), running ? Tone::kGood : Tone::kBad}},
              {{"process"}, {StrCat(information.pid)}},
              {{"version"}, {Escape(information.version)}},
              {{"id"}, {information.id.empty() ? "none" : Escape(information.id)}}});
  text.Heading(information.mounts.empty() ? "no mounts" : "mounts");
  std::vector<std::vector<Cell>> rows;
  rows.reserve(information.mounts.size());
  for (const NydusdMountEntry& mount : information.mounts) {
    rows.push_back({{Escape(mount.mount_point)}, {Escape(mount.type)}});
  }
  text.Table(rows);
  return text.text();
}

std::string StatusJson(const NydusdInformation& information) {
  nlohmann::ordered_json id;
  if (!information.id.empty()) id = information.id;
  auto mounts = nlohmann::ordered_json::array();
  for (const NydusdMountEntry& mount : information.mounts) {
    mounts.push_back({{"mount_point", mount.mount_point}, {"type", mount.type}});
  }
  return FormatJson({{"version", kSchemaVersion},
                     {"state", information.state},
                     {"pid", information.pid},
                     {"nydusd_version", information.version},
                     {"id", std::move(id)},
                     {"mounts", std::move(mounts)}});
}

// As `sandbox show` calls it.
constexpr char kEnded[] = "ended";

VerbOutcome ShowNoDaemon(const Error& error) {
  const std::string text = StrCat("nydusd is not running: ", error.message, "\n");
  return {.output = FLAGS_json ? StatusJson({.state = kEnded}) : text,
          .status = ExitStatus::kFindings};
}

Result<VerbOutcome> ShowDaemon(const NydusdClient& nydusd, Deadline deadline) {
  const Result<NydusdInformation> information = nydusd.Information(deadline);
  if (!information) return Failure(information.error());
  const bool running = information->state == kNydusdRunning;
  return VerbOutcome{.output = FLAGS_json ? StatusJson(*information) : StatusText(*information),
                     .status = running ? ExitStatus::kSuccess : ExitStatus::kFindings};
}

Result<VerbOutcome> ShowImage(const NydusdClient& nydusd, const std::string& mount_point,
                              Deadline deadline) {
  const Result<std::string> text = nydusd.Backend(mount_point, deadline);
  if (!text) return Failure(text.error());
  Result<std::string> output = RenderNydusdJson(*text);
  if (!output) return Failure(std::move(output.error()));
  return VerbOutcome{.output = std::move(*output)};
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (operands.size() > 1) {
    return Fail(ErrorKind::kUsage, "nydusd status wants one mount point at most");
  }
  const Result<NydusdClient> nydusd = NydusdOfFlags();
  if (!nydusd) return Failure(nydusd.error());
  const Deadline deadline = DeadlineOfFlags();
  Result<VerbOutcome> shown = operands.empty() ? ShowDaemon(*nydusd, deadline)
                                               : ShowImage(*nydusd, operands.front(), deadline);
  if (!shown && IsNoDaemon(shown.error())) return ShowNoDaemon(shown.error());
  return shown;
}

}  // namespace

Verb NydusdStatusVerb() {
  return {.name = "nydusd status",
          .operands = "[MOUNT_POINT]",
          .summary = "say what a nydusd is and what it serves",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
