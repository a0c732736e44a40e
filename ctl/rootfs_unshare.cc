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
#include "kata/rootfs.h"
#include "mount_helper/diagnosis.h"

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Takes back the root file system of a container, however it was handed over, and whether or "
    "not\n"
    "nydusd still lives. What cannot be taken back is told, all the rest goes; then it can be\n"
    "repeated. The container's name is refused then, as long as this nydusd lives.\n";

constexpr std::array<std::string_view, 1> kFlags = {"rootless_dir"};

Result<VerbOutcome> Run(const Operands& operands) {
  if (operands.size() != 2) {
    return Fail(ErrorKind::kUsage, "rootfs unshare wants a sandbox and a container");
  }
  HoldEndingSignals();
  const Result<bool> taken_back =
      UnshareRootFilesystem(DirectoriesOfFlags(), operands[0], operands[1], After(kShareTime));
  if (!taken_back) return Failure(DiagnosePermission(taken_back.error()));
  if (*taken_back) return VerbOutcome{};
  return VerbOutcome{.output = StrCat("container ", Quote(operands[1]), " is not shared with ",
                                      Quote(operands[0]), "\n")};
}

}  // namespace

Verb RootfsUnshareVerb() {
  return {.name = "rootfs unshare",
          .operands = "SANDBOX CONTAINER",
          .summary = "take a root file system back",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
