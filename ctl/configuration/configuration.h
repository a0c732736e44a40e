// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace nydus {

// What an administrator says once for all mounts in Kata mode, and for sandboxes
// (nydus-overlayfs-config(5)).
inline constexpr char kConfigurationFile[] = "/etc/nydus-overlayfs/config.toml";

inline constexpr std::size_t kMaxSnapshotRoots = 64;

// Every key may be left out; then its member is as it is here.
struct Configuration {
  std::string sandbox;                          // an identifier
  std::string api_socket;                       // "apisock", absolute
  std::string layout;                           // a name of a ShareLayout
  std::vector<std::string> snapshot_roots;      // absolute
  std::string nydusd_path = "/usr/bin/nydusd";  // absolute

  bool operator==(const Configuration&) const = default;
};

// Errors (kUsage) begin with kConfigurationFile and the line, and repeat no value.
Result<Configuration> ParseConfiguration(std::string_view text);

// The configuration of this node (ReadTrustedFile() of base/file_reading.h); an empty one where
// there is no file.
Result<Configuration> ReadConfiguration();

}  // namespace nydus
