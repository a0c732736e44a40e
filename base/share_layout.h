// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace nydus {

// As which of Kata's runtimes what host and guest share is laid out (kata/sandbox_paths.h).
enum class ShareLayout { kGo, kRust };

// "go" or "rs": in options, in config.toml and on command lines.
std::optional<ShareLayout> ParseShareLayout(std::string_view name);
std::string_view ShareLayoutName(ShareLayout layout);

// What a name of a layout must be, for messages.
inline constexpr std::string_view kShareLayoutRule = "is neither go nor rs";

}  // namespace nydus
