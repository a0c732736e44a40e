// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "ctl/verb.h"
#include "kata/sandbox_paths.h"

namespace nydus {

// The directories that --rootless-dir means.
KataDirectories DirectoriesOfFlags();

// The only operand of `verb`, or an error.
Result<std::string> SandboxOperand(const Operands& operands, std::string_view verb);

}  // namespace nydus
