// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/deadline.h"
#include "base/interruption.h"
#include "base/text.h"
#include "ctl/sandbox_target.h"
#include "ctl/verbs.h"
#include "kata/sandbox.h"
#include "mount_helper/diagnosis.h"

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Takes back every container of a sandbox, stops its nydusd if it was started for it, and "
    "takes\n"
    "the share down. What cannot be taken back is told, all the rest goes; then it can be "
    "repeated.\n";

constexpr std::array<std::string_view, 1> kFlags = {"rootless_dir"};

constexpr std::chrono::seconds kDeletionTime{60};

Result<VerbOutcome> Run(const Operands& operands) {
  const Result<std::string> sandbox = SandboxOperand(operands, "sandbox delete");
  if (!sandbox) return Failure(sandbox.error());
  HoldEndingSignals();
  const Result<bool> deleted = DeleteSandbox(DirectoriesOfFlags(), *sandbox, After(kDeletionTime));
  if (!deleted) return Failure(DiagnosePermission(deleted.error()));
  if (*deleted) return VerbOutcome{};
  return VerbOutcome{.output = StrCat("there is no sandbox ", Quote(*sandbox), "\n")};
}

}  // namespace

Verb SandboxDeleteVerb() {
  return {.name = "sandbox delete",
          .operands = "SANDBOX",
          .summary = "take a sandbox down",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
