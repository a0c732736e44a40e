// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ctl/diagnose/inspect/mount_text.h"

// How errors of containerd end. Logs quote errors that quote errors (strconv.Quote), so all of this
// is read at any depth of quoting up to kMaxQuotings.
namespace nydus {

inline constexpr int kMaxQuotings = 6;

// How often a text was quoted whose quotes have `backslashes` before them; nothing if quoting makes
// no such number, or more than kMaxQuotings times would.
std::optional<int> QuotingsOf(std::size_t backslashes);

// What follows the call of mount.fuse, brackets included: report, exit status, signal.
//   ]] failed: "what the helper wrote": exit status 32
//   ]] failed: "": signal: killed
// Returns how often the text was quoted; 0 if there is no such outcome.
int ReadOutcome(std::string_view rest, MountText& text);

// Mounts that containerd makes itself:
//   mount source: "overlay", target: "/t", fstype: overlay, flags: 0, data: "a,b", err: no such ...
//     (containerd: core/mount/mount_linux.go)
std::vector<MountText> FindNativeMounts(std::string_view line);

}  // namespace nydus
