// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"

namespace nydus {

// "v5" or "v6": the RAFS version of the bootstrap `path`, as nydus-snapshotter tells it.
Result<std::string> BootstrapVersion(const std::string& path);

}  // namespace nydus
