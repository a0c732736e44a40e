// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"
#include "ctl/diagnose/doctor/processes.h"

namespace nydus {

// containerd on this node: the running one, or how systemd would start it.
struct ContainerdView {
  std::optional<Process> process;
  std::size_t process_count = 0;
  std::string configuration;  // path of its configuration file
  // Where it looks for programs. containerd's plugin "opt" puts /opt/containerd/bin in front of
  // what it was started with (containerd: plugins/services/opt/service.go).
  std::string search_path;
  std::string search_path_owner;      // "of containerd (process 7)", behind "the PATH "
  bool search_path_is_guess = false;  // the running process may not be looked at
};

ContainerdView FindContainerd(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
