// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ctl/diagnose/doctor/node.h"

namespace nydus {

struct Process {
  int id = 0;
  std::vector<std::string> arguments;  // without the program's name

  [[nodiscard]] std::string PathOf(std::string_view file) const;  // "/proc/ID/file"
  // The value of a flag as Go's flag packages take it: -name VALUE, --name VALUE, --name=VALUE.
  [[nodiscard]] std::optional<std::string> Flag(
      std::initializer_list<std::string_view> names) const;
  // The configuration file that it was started with: --config, or -c of containerd.
  [[nodiscard]] std::optional<std::string> Configuration() const { return Flag({"config", "c"}); }
};

// Processes whose program's name (/proc/ID/comm, at most 15 bytes) is this one, lowest ID first.
std::vector<Process> FindProcesses(const NodeView& node, std::string_view name);

// The one that was started with this configuration; else the first.
std::optional<Process> ChooseProcess(std::vector<Process> processes,
                                     std::string_view configuration);

// A variable of the environment that a process was started with. Nobody but its user and root may
// read it: errno EACCES.
Result<std::optional<std::string>> StartingVariable(const NodeView& node, const Process& process,
                                                    std::string_view name);

}  // namespace nydus
