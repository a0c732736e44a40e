// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/error.h"
#include "ctl/configuration/configuration.h"
#include "kata/rootfs.h"
#include "mount_helper/mount_request.h"

namespace nydus {

// For the whole hand-over: kNydusdReadyTime (fuse/nydusd/nydusd_process.h), and Kata's time for one
// request (nydusd.go, defaultHttpClientTimeoutSecs).
inline constexpr std::chrono::seconds kShareTime{40};

// What a mount in mode kata asks of its sandbox: the payloads decoded, what the caller left out
// taken from the configuration. An option that only a mount of this host could honour is an error.
// The target is left empty. `request.mode` is kKata.
Result<RootfsRequest> MakeRootfsRequest(const MountRequest& request,
                                        const Configuration& configuration);

// The same of a directory of the host, an absolute path.
RootfsRequest MakeDirectoryRequest(const std::string& sandbox, const std::string& container,
                                   const std::string& directory,
                                   const Configuration& configuration);

// What will be handed over, a printable line each, and which options are left out because they
// speak of an overlay on this host. No byte of a payload is in it.
std::vector<std::string> DescribeRootfsRequest(const RootfsRequest& rootfs,
                                               const MountRequest& request);

}  // namespace nydus
