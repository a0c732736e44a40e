// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace nydus {

// Exit codes of mount(8). 8 is the tool's alone, 16 (utab) nobody's.
enum ExitCode : int {
  kExitSuccess = 0,
  kExitUsage = 1,
  kExitSystem = 2,
  kExitInternal = 4,
  kExitInterrupted = 8,
  kExitMountFailed = 32,
};

ExitCode ExitCodeOf(const Error& error);

// "mount.fuse.nydus-overlayfs: DIR: what: why (hint)" with the line break. Without "DIR: " if
// `target` is empty.
std::string FormatFailure(const Error& error, std::string_view target);

// "mount.fuse.nydus-overlayfs: text" with the line break.
std::string FormatRemark(std::string_view text);

}  // namespace nydus
