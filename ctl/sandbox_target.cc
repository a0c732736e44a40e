// SPDX-License-Identifier: Apache-2.0
#include "ctl/sandbox_target.h"

#include "base/text.h"
#include "ctl/common_flags.h"

namespace nydus {

KataDirectories DirectoriesOfFlags() {
  return DirectoriesFor(FLAGS_rootless_dir);
}

Result<std::string> SandboxOperand(const Operands& operands, std::string_view verb) {
  if (operands.size() == 1) return operands.front();
  return Fail(ErrorKind::kUsage, StrCat(verb, " wants one sandbox"));
}

}  // namespace nydus
