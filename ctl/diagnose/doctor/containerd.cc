// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/containerd.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_reading.h"
#include "base/text.h"
#include "ctl/diagnose/doctor/program.h"

namespace nydus {

namespace {

constexpr char kDefaultConfiguration[] = "/etc/containerd/config.toml";
constexpr char kOptDirectory[] = "/opt/containerd/bin";

// Where systemd looks for units, the first one wins (systemd.unit(5)).
constexpr std::string_view kUnitDirectories[] = {"/etc/systemd/system", "/run/systemd/system",
                                                 "/usr/local/lib/systemd/system",
                                                 "/usr/lib/systemd/system", "/lib/systemd/system"};

// The value of PATH in a line "Environment=..." of a unit.
std::optional<std::string> PathIn(std::string_view line) {
  constexpr std::string_view kSpaces = " \t";
  line.remove_prefix(std::min(line.find_first_not_of(kSpaces), line.size()));
  if (!line.starts_with("Environment=")) return std::nullopt;
  for (std::size_t at = line.find("PATH="); at != std::string_view::npos;
       at = line.find("PATH=", at + 1)) {
    if (std::string_view("= \t\"'").find(line[at - 1]) == std::string_view::npos) continue;
    const std::string_view value = line.substr(at + 5);
    return std::string(value.substr(0, value.find_first_of(" \t\"'")));
  }
  return std::nullopt;
}

void ReadUnit(const NodeView& node, const std::string& path, std::optional<std::string>& found) {
  const auto text = node.Read(path, kMaxConfigurationBytes);
  if (!text || !*text) return;
  std::string_view rest = **text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, std::min(rest.find('\n'), rest.size()));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (std::optional<std::string> value = PathIn(line)) found = std::move(value);
  }
}

// What containerd.service sets PATH to, if it does.
std::optional<std::string> PathOfUnit(const NodeView& node) {
  std::optional<std::string> path;
  for (const std::string_view directory : kUnitDirectories) {
    const std::string unit = StrCat(directory, "/containerd.service");
    if (!node.Exists(unit)) continue;
    ReadUnit(node, unit, path);
    break;
  }
  for (const std::string_view directory : kUnitDirectories) {
    const std::string additions = StrCat(directory, "/containerd.service.d");
    for (const std::string& name : node.List(additions)) {
      if (name.ends_with(".conf")) ReadUnit(node, StrCat(additions, "/", name), path);
    }
  }
  return path;
}

void SetPathOfService(const NodeView& node, ContainerdView& view) {
  if (std::optional<std::string> path = PathOfUnit(node)) {
    view.search_path = std::move(*path);
    view.search_path_owner = "of containerd.service";
    return;
  }
  view.search_path = kServicePath;
  view.search_path_owner = "that systemd gives to services";
}

void SetSearchPath(const NodeView& node, ContainerdView& view) {
  if (view.process) {
    Result<std::optional<std::string>> path = StartingVariable(node, *view.process, "PATH");
    if (path) {
      view.search_path = path->value_or("");
      view.search_path_owner = StrCat("of containerd (process ", view.process->id, ")");
      return;
    }
    view.search_path_is_guess = true;
  }
  SetPathOfService(node, view);
}

// An absolute path of a running program's flag; a relative one depends on where it was started.
std::optional<std::string> AbsoluteFlag(const std::optional<Process>& process) {
  if (!process) return std::nullopt;
  std::optional<std::string> path = process->Configuration();
  if (!path || !path->starts_with('/')) return std::nullopt;
  return path;
}

}  // namespace

ContainerdView FindContainerd(const NodeView& node, const DoctorOptions& options) {
  ContainerdView view;
  std::vector<Process> processes = FindProcesses(node, "containerd");
  view.process_count = processes.size();
  view.configuration = options.containerd_configuration;
  view.process = ChooseProcess(std::move(processes), view.configuration);
  if (view.configuration.empty()) {
    view.configuration = AbsoluteFlag(view.process).value_or(kDefaultConfiguration);
  }
  SetSearchPath(node, view);
  if (node.Exists(kOptDirectory)) view.search_path = StrCat(kOptDirectory, ":", view.search_path);
  return view;
}

}  // namespace nydus
