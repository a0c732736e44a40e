// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

// Paths inside nydusd's own tree, at which it serves file systems.
namespace nydus {

// Where Kata expects the shared directory (Kata: src/runtime/virtcontainers/nydusd.go,
// sharedPathInGuest).
inline constexpr std::string_view kPassthroughMountPoint = "/containers";

// "/rafs/CONTAINER/lowerdir" (Kata: rafsMountPath). `container` is an identifier: so there is no
// dot component, and nothing before or behind.
std::string RafsMountPoint(std::string_view container);

// For mount points from a command line: absolute, no empty component, no `.` or `..`, no `/` at the
// end, not `/` alone, valid UTF-8 without control bytes.
Result<> CheckMountPoint(std::string_view path);

// The query value: every byte but A-Za-z0-9-._~/ becomes %XX.
std::string PercentEncode(std::string_view path);

}  // namespace nydus
