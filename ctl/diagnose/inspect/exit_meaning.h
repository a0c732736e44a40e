// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace nydus {

// What the exit status of a mount program means: the codes of mount(8) as mount_helper/report.h
// uses them, and those of a shell that could not run the program. Empty if it is none of these.
std::string_view ExitStatusMeaning(int status);

// The signal that Go names at the start of `text` (package syscall, Signal.String): "killed" is 9.
std::optional<int> SignalOfGoName(std::string_view text);

}  // namespace nydus
