// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.h"

namespace nydus {

// All of `text`, or kSystem.
Result<> WriteOutput(std::string_view text);

// The same of what was made just now. Nobody reading any more is an error as well, and does not end
// the process, which may have to undo it.
Result<> WriteOutputOfMade(std::string_view text);

}  // namespace nydus
