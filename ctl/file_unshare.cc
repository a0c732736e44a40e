// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>
#include <utility>

#include "base/deadline.h"
#include "base/interruption.h"
#include "base/text.h"
#include "ctl/rootfs_request.h"
#include "ctl/sandbox_target.h"
#include "ctl/verbs.h"
#include "kata/shared_file.h"
#include "mount_helper/diagnosis.h"

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Takes back what file share did. FILE is the name in the share, or the path to it in the "
    "guest\n"
    "or on the host. A guest that has it open goes on with what it has.\n";

constexpr std::array<std::string_view, 1> kFlags = {"rootless_dir"};

Result<VerbOutcome> Run(const Operands& operands) {
  if (operands.size() != 3) {
    return Fail(ErrorKind::kUsage, "file unshare wants a sandbox, a container and a file");
  }
  HoldEndingSignals();
  const Result<bool> taken_back =
      UnshareFile(DirectoriesOfFlags(), operands[0], operands[1], operands[2], After(kShareTime));
  if (!taken_back) return Failure(DiagnosePermission(taken_back.error()));
  if (*taken_back) return VerbOutcome{};
  return VerbOutcome{.output = StrCat("container ", Quote(operands[1]), " of ", Quote(operands[0]),
                                      " has no file ", Quote(operands[2]), "\n")};
}

}  // namespace

Verb FileUnshareVerb() {
  return {.name = "file unshare",
          .operands = "SANDBOX CONTAINER FILE",
          .summary = "take a file back",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
