// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "snapshot/payload/dm_verity.h"

namespace nydus {

// What `nydus-image export --block --verity` prints: "dm-verity options: " and veritysetup's flags,
// with the root hash as the last word.
inline constexpr std::string_view kVerityOptionsPrefix = "dm-verity options:";

// Reads such a line, with or without the prefix, as a block that is valid in the sense of
// ValidateDmVerity(). Errors (kUsage) name the flag.
Result<DmVerity> ParseVerityOptionsLine(std::string_view line);

// The same line for `verity`, without the prefix, to be pasted behind veritysetup or ours.
std::string FormatVerityOptions(const DmVerity& verity);

}  // namespace nydus
