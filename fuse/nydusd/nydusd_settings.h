// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace nydus {

// The longest path of a Unix socket, in bytes (sun_path of sockaddr_un is 108 with its NUL).
inline constexpr std::size_t kMaxSocketPathBytes = 107;

inline constexpr std::size_t kMaxExtraArguments = 64;

// A nydusd that serves a guest by vhost-user-fs. All paths are absolute: it works in /.
struct NydusdSettings {
  std::string program;       // nydusd's path
  std::string vhost_socket;  // to which the VMM connects, once
  std::string api_socket;
  std::string share_directory;               // served at kPassthroughMountPoint
  std::string log_file;                      // its name has an extension
  std::vector<std::string> extra_arguments;  // behind ours
  bool debug = false;                        // log level debug instead of info
};

// The checks of Kata's nydusd.valid(), in its order and with its texts: vhost socket, API socket,
// program, share directory. Beyond them, lengths of socket paths and the things themselves. The
// sockets' directories belong to root or this user, and nobody else can write them. kUsage.
Result<> ValidateNydusd(const NydusdSettings& settings);

// "virtiofs --log-level info --apisock A --sock S ..." (Kata: nydusd.args()), the log file, and
// "--rlimit-nofile 0" where this process may not raise that limit as far as nydusd would.
std::vector<std::string> NydusdArguments(const NydusdSettings& settings);

// The API socket's path in the arguments of any nydusd, in each way of writing it; empty without.
std::string_view ApiSocketIn(std::span<const std::string> arguments);

}  // namespace nydus
