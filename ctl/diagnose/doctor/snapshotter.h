// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "ctl/diagnose/doctor/node.h"
#include "ctl/diagnose/doctor/options.h"
#include "ctl/diagnose/doctor/processes.h"

namespace nydus {

// What nydus-snapshotter's configuration (config/config.go) says of mounts, with the defaults of
// its config/default.go; flags of the running snapshotter win over the file.
struct SnapshotterSettings {
  long long version = 1;
  std::string root = "/var/lib/containerd/io.containerd.snapshotter.v1.nydus";
  std::string address = "/run/containerd-nydus/containerd-nydus-grpc.sock";
  std::string daemon_mode = "multiple";
  std::string fs_driver = "fusedev";
  std::string nydusd_path;  // empty: found on its PATH
  std::string nydusd_configuration = "/etc/nydus/nydusd-config.json";
  std::string nydus_image_path;  // empty: found on its PATH
  bool enable_nydus_overlayfs = false;
  std::string helper = "nydus-overlayfs";
  bool enable_kata_volume = false;
  bool enable_overlayfs_volatile = false;
  bool mount_tarfs_on_host = false;

  [[nodiscard]] bool StartsNydusd() const {
    return fs_driver == "fusedev" && daemon_mode != "none";
  }
};

struct SnapshotterView {
  std::optional<Process> process;
  std::string configuration;     // path; empty for a running snapshotter without one
  std::optional<Error> failure;  // of reading the configuration; ENOENT: there is none
  SnapshotterSettings settings;  // the defaults after a failure

  // Whether the settings are those of this node's snapshotter and not just the defaults.
  [[nodiscard]] bool IsKnown() const { return !failure; }
};

SnapshotterView FindSnapshotter(const NodeView& node, const DoctorOptions& options);

}  // namespace nydus
