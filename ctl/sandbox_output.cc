// SPDX-License-Identifier: Apache-2.0
#include "ctl/sandbox_output.h"

#include <chrono>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/deadline.h"
#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/json_output.h"
#include "ctl/terminal.h"
#include "ctl/text_output.h"
#include "fuse/nydusd/nydusd_client.h"
#include "kata/agent_storage.h"
#include "kata/sandbox_nydusd.h"

namespace nydus {

namespace {

// Of packaging/schema/sandbox.schema.json.
constexpr int kSchemaVersion = 1;

// nydusd answers nobody while it mounts.
constexpr std::chrono::seconds kPatience{2};

// "RUNNING" and the like as nydusd calls it, "ended", or "silent". Only a sandbox that is ready is
// asked: nydusd 2.2.0 aborts if somebody asks it while it ends.
std::string NydusdState(const SandboxRecord& sandbox) {
  const Result<bool> lives = NydusdLives(sandbox);
  if (lives && !*lives) return "ended";
  if (sandbox.phase != SandboxRecord::Phase::kReady) return "silent";
  const auto information = NydusdClient(sandbox.api_socket).Information(After(kPatience));
  return information ? information->state : "silent";
}

std::string SharePath(const KataDirectories& directories, const SandboxRecord& sandbox,
                      std::string_view name) {
  return StrCat(directories.sandboxes, "/", sandbox.id, "/", name);
}

std::string StatePath(const KataDirectories& directories, const SandboxRecord& sandbox) {
  return StrCat(directories.state, "/", sandbox.id);
}

nlohmann::ordered_json TextOrNull(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

nlohmann::ordered_json NydusdJson(const SandboxRecord& sandbox) {
  nlohmann::ordered_json pid;
  if (sandbox.nydusd) pid = sandbox.nydusd->pid;
  return {{"ours", sandbox.own_nydusd},
          {"pid", std::move(pid)},
          {"state", NydusdState(sandbox)},
          {"api_socket", TextOrNull(sandbox.api_socket)},
          {"vhost_socket", TextOrNull(sandbox.vhost_socket)},
          {"log_file", TextOrNull(sandbox.log_file)}};
}

// Not what interrupted calls have left.
std::vector<std::string> SharedFilesOf(const ContainerRecord& container) {
  std::vector<std::string> names;
  for (const SharedFileRecord& file : container.files) {
    if (file.shared) names.push_back(file.name);
  }
  return names;
}

nlohmann::ordered_json ContainerJson(const ContainerRecord& container) {
  nlohmann::ordered_json json = {{"id", container.id},
                                 {"phase", ContainerPhaseName(container.phase)}};
  for (const std::string& file : SharedFilesOf(container)) json["files"].push_back(file);
  return json;
}

nlohmann::ordered_json SandboxJson(const KataDirectories& directories,
                                   const SandboxRecord& sandbox) {
  const ShareNames names = NamesOf(sandbox.layout);
  auto binds = nlohmann::ordered_json::array();
  for (const SandboxBindRecord& bind : sandbox.binds) binds.push_back(bind.name);
  auto containers = nlohmann::ordered_json::array();
  for (const ContainerRecord& container : sandbox.containers) {
    containers.push_back(ContainerJson(container));
  }
  return {{"id", sandbox.id},
          {"phase", SandboxPhaseName(sandbox.phase)},
          {"layout", ShareLayoutName(sandbox.layout)},
          {"state_directory", StatePath(directories, sandbox)},
          {"submounts", SharePath(directories, sandbox, names.submounts)},
          {"served", SharePath(directories, sandbox, names.served)},
          {"binds", std::move(binds)},
          {"nydusd", NydusdJson(sandbox)},
          {"agent_storage",
           nlohmann::ordered_json::parse(FormatAgentStorage(SharedDirectoryStorage()), nullptr,
                                         /*allow_exceptions=*/false)},
          {"containers", std::move(containers)}};
}

std::string RenderJson(const KataDirectories& directories,
                       const std::vector<ShownSandbox>& sandboxes) {
  auto list = nlohmann::ordered_json::array();
  for (const ShownSandbox& sandbox : sandboxes) {
    if (sandbox.record) {
      list.push_back(SandboxJson(directories, *sandbox.record));
    } else {
      list.push_back({{"id", sandbox.id}, {"error", sandbox.record.error().message}});
    }
  }
  return FormatJson({{"version", kSchemaVersion}, {"sandboxes", std::move(list)}});
}

std::string NydusdText(const SandboxRecord& sandbox, std::string_view state) {
  const std::string process = sandbox.nydusd ? StrCat("process ", sandbox.nydusd->pid, ", ") : "";
  return StrCat(process, Escape(state), sandbox.own_nydusd ? "" : ", not ours");
}

using Rows = std::vector<std::vector<Cell>>;

void AddRow(Rows& rows, std::string name, const std::string& text) {
  if (!text.empty()) rows.push_back({{std::move(name)}, {Escape(text)}});
}

Rows RowsOf(const KataDirectories& directories, const SandboxRecord& sandbox) {
  const ShareNames names = NamesOf(sandbox.layout);
  const std::string state = NydusdState(sandbox);
  Rows rows = {{{"phase"}, {std::string(SandboxPhaseName(sandbox.phase))}},
               {{"layout"}, {std::string(ShareLayoutName(sandbox.layout))}},
               {{"nydusd"},
                {NydusdText(sandbox, state), state == kNydusdRunning ? Tone::kGood : Tone::kBad}}};
  AddRow(rows, "API socket", sandbox.api_socket);
  AddRow(rows, "vhost socket", sandbox.vhost_socket);
  AddRow(rows, "log", sandbox.log_file);
  AddRow(rows, "served", SharePath(directories, sandbox, names.served));
  AddRow(rows, "state", StatePath(directories, sandbox));
  for (const SandboxBindRecord& bind : sandbox.binds) AddRow(rows, "bind", bind.name);
  for (const ContainerRecord& container : sandbox.containers) {
    AddRow(rows, "container", StrCat(container.id, ", ", ContainerPhaseName(container.phase)));
    for (const std::string& file : SharedFilesOf(container)) AddRow(rows, "file", file);
  }
  return rows;
}

}  // namespace

std::string RenderSandboxes(const KataDirectories& directories,
                            const std::vector<ShownSandbox>& sandboxes) {
  if (FLAGS_json) return RenderJson(directories, sandboxes);
  TextOutput text(WantsColour());
  if (sandboxes.empty()) text.Line("no sandbox");
  for (const ShownSandbox& sandbox : sandboxes) {
    text.Heading(StrCat("sandbox ", Escape(sandbox.id)));
    if (sandbox.record) {
      text.Table(RowsOf(directories, *sandbox.record));
    } else {
      text.Line(sandbox.record.error().message, Tone::kBad);
    }
  }
  return text.text();
}

}  // namespace nydus
