// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ctl/diagnose/inspect/mount_text.h"

namespace nydus {

// True if `text` holds a word that only a mount of layers or a payload has, in any case: a name in
// the wrong one is worth a hint.
bool HasMountWord(std::string_view text);

// With commas between them, as a mount helper gets them.
std::string JoinOptions(std::span<const std::string> words);

// A mount from the words of a command line: mount(8), mount.fuse, the helper under any of its
// names, or `sh -c` with one of them; whatever stands before the program is passed over. Nothing if
// no words with a program make a mount that concerns us.
std::optional<MountText> ReadMountCommand(std::span<const std::string> words);

// The same where the program's name is missing: `overlay DIR -o OPTIONS`.
std::optional<MountText> ReadMountArguments(std::span<const std::string> words);

// A line of /proc/PID/mounts, /proc/PID/mountinfo, fstab(5), or the lists that mount(8) and
// findmnt(8) print.
std::optional<MountText> ReadMountTableLine(std::string_view line);

}  // namespace nydus
