// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace nydus {

// The bootstrap of a snapshot of nydus-snapshotter, `directory` being ROOT/snapshots/ID:
// fs/image/image.boot, or fs/image.boot as older images had it. Nothing if there is neither; links
// are not followed at the end of the path.
Result<std::optional<std::string>> FindBootstrap(const std::string& directory);

}  // namespace nydus
