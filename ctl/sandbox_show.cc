// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "ctl/sandbox_output.h"
#include "ctl/sandbox_target.h"
#include "ctl/verbs.h"
#include "kata/sandbox.h"
#include "mount_helper/diagnosis.h"

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Shows a sandbox, or all of them: its share, its nydusd with the sockets, and its containers.\n"
    "The VMM connects to the vhost socket, once. The status is 3 if the state of one of them "
    "cannot\n"
    "be read.\n";

constexpr std::array<std::string_view, 3> kFlags = {"rootless_dir", "json", "color"};

// A sandbox is locked while somebody changes it.
constexpr std::chrono::seconds kLockTime{10};

Result<VerbOutcome> ShowOne(const KataDirectories& directories, const std::string& id) {
  Result<SandboxRecord> record = ReadSandbox(directories, id, After(kLockTime));
  if (!record) return Failure(DiagnosePermission(std::move(record.error())));
  return VerbOutcome{.output = RenderSandboxes(directories, {{id, std::move(record)}})};
}

// One that cannot be read does not hide the others.
Result<VerbOutcome> ShowAll(const KataDirectories& directories) {
  const Result<std::vector<std::string>> ids = SandboxNames(directories);
  if (!ids) return Failure(DiagnosePermission(ids.error()));
  std::vector<ShownSandbox> sandboxes;
  for (const std::string& id : *ids) {
    sandboxes.push_back({id, ReadSandbox(directories, id, After(kLockTime))});
  }
  const bool all_good = std::ranges::all_of(
      sandboxes, [](const ShownSandbox& sandbox) { return sandbox.record.has_value(); });
  return VerbOutcome{.output = RenderSandboxes(directories, sandboxes),
                     .status = all_good ? ExitStatus::kSuccess : ExitStatus::kFindings};
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (operands.empty()) return ShowAll(DirectoriesOfFlags());
  const Result<std::string> id = SandboxOperand(operands, "sandbox show");
  return id ? ShowOne(DirectoriesOfFlags(), *id) : Failure(id.error());
}

}  // namespace

Verb SandboxShowVerb() {
  return {.name = "sandbox show",
          .operands = "[SANDBOX]",
          .summary = "show sandboxes and what they share",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
