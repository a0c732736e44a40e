// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "ctl/diagnose/doctor/node.h"

namespace nydus {

// The most files that a configuration may consist of, its imports included.
inline constexpr std::size_t kMaxConfigurationFiles = 64;

struct SnapshotPlugin {
  std::string name;
  std::string address;            // path of its socket
  bool gets_annotations = false;  // export enable_remote_snapshot_annotations
};

// The parts of containerd's configuration that concern snapshotters. Versions 1 to 3 of the format
// differ in where CRI's settings are; all places are read, as containerd migrates old ones.
struct ContainerdConfiguration {
  std::vector<SnapshotPlugin> plugins;  // [proxy_plugins.NAME] type = "snapshot"
  bool has_cri = true;
  std::string cri_snapshotter = "overlayfs";
  std::vector<std::string> runtime_snapshotters;  // those of single runtimes
  bool disable_snapshot_annotations = true;       // containerd's default
};

// The file and its imports, later ones winning (containerd: cmd/containerd/server/config). Nothing
// if the file does not exist; an import that does not exist is an error, as for containerd.
Result<std::optional<ContainerdConfiguration>> ReadContainerdConfiguration(const NodeView& node,
                                                                           const std::string& path);

}  // namespace nydus
