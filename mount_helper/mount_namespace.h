// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// Opens the mount namespace that -N names, usually /proc/PID/ns/mnt.
Result<UniqueFd> OpenMountNamespace(const std::string& path);

// Moves the process into it; its root and working directory become that namespace's root.
Result<> JoinMountNamespace(int namespace_fd);

}  // namespace nydus
