// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_command.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mount_api/kernel_features.h"
#include "base/mount_api/mount_api.h"
#include "mount_helper/argument_scrub.h"
#include "mount_helper/command_line.h"
#include "mount_helper/execution.h"
#include "mount_helper/help_text.h"
#include "mount_helper/mount_namespace.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/mount_request.h"
#include "mount_helper/mount_target.h"
#include "mount_helper/payload_check.h"
#include "mount_helper/plan_text.h"
#include "mount_helper/report.h"
#include "mount_helper/tool_exec.h"

namespace nydus {

namespace {

void Write(int fd, std::string_view text) {
  // Nobody is left to tell of a failure.
  [[maybe_unused]] const ssize_t written = write(fd, text.data(), text.size());
}

void ShowIf(bool wanted, const std::vector<std::string>& lines) {
  if (!wanted) return;
  for (const std::string& line : lines) Write(STDERR_FILENO, FormatRemark(line));
}

// Options come from the caller and decide what root mounts where. AT_SECURE would not do: LSMs set
// it for every domain change.
Result<> RefuseSetUserId() {
  if (getauxval(AT_UID) == getauxval(AT_EUID) && getauxval(AT_GID) == getauxval(AT_EGID)) return {};
  return Fail(ErrorKind::kUsage, "must not be installed set-user-ID or set-group-ID");
}

// Everything above the standard streams belongs to the caller, save the namespace.
void CloseInheritedDescriptors(const UniqueFd& keep) {
  const auto kept = static_cast<unsigned>(keep.get());
  if (keep.ok() && kept > 3) CloseDescriptors(3, kept - 1);
  CloseDescriptors(keep.ok() ? std::max(kept + 1, 3U) : 3, UINT_MAX);
}

Result<UniqueFd> OpenNamespaceIfGiven(const CommandLine& line) {
  if (line.namespace_path.empty()) return UniqueFd();
  return OpenMountNamespace(std::string(line.namespace_path));
}

SystemFacts FindFacts(const MountRequest& request) {
  const bool matters = std::ranges::any_of(request.data, [](const DataWord& word) {
    return word.known && word.kind == OptionKind::kSecurityContext;
  });
  return {.selinux = matters && SelinuxIsOn()};
}

// The last steps, from the plan to the mount.
Result<> MountNatively(const MountRequest& request, const CommandLine& line,
                       const UniqueFd& mount_namespace) {
  const Result<MountPlan> plan = PlanMount(request, FindFacts(request));
  if (!plan) return Failure(plan.error());
  ShowIf(line.verbose, DescribePlan(*plan));
  if (mount_namespace.ok()) {
    if (Result<> joined = JoinMountNamespace(mount_namespace.get()); !joined) return joined;
  }
  const Result<MountTarget> target = OpenMountTarget(plan->target);
  if (!target) return Failure(target.error());
  if (line.fake) return {};
  std::vector<std::string> notes;
  Result<> done = ExecutePlan(*plan, *target, notes);
  ShowIf(line.verbose, notes);
  return done;
}

Result<> Run(CommandLine& line, std::span<char* const> arguments) {
  const Result<UniqueFd> mount_namespace = OpenNamespaceIfGiven(line);
  if (!mount_namespace) return Failure(mount_namespace.error());
  CloseInheritedDescriptors(*mount_namespace);

  const Result<MountRequest> request = ParseMountRequest(line);
  if (!request) return Failure(request.error());
  line.source = request->source;  // what they point to is about to go
  line.target = request->target;
  ScrubPayloads(arguments);

  std::vector<std::string> notes;
  if (Result<> checked = CheckPayloads(*request, notes); !checked) return checked;
  ShowIf(line.verbose, notes);
  if (request->mode != MountMode::kNative) return Failure(ExecTool(line, mount_namespace->get()));
  return MountNatively(*request, line, *mount_namespace);
}

}  // namespace

int RunMountCommand(std::span<char* const> arguments) {
  Result<> done = RefuseSetUserId();
  Result<CommandLine> line = ParseCommandLine(arguments);
  if (done && !line) done = Failure(line.error());
  if (done && (line->help || line->version)) {
    Write(STDOUT_FILENO, line->help ? kHelpText : kVersionText);
    return kExitSuccess;
  }
  const std::string target(line ? line->target : "");
  if (done) done = Run(*line, arguments);
  if (done) return kExitSuccess;
  Write(STDERR_FILENO, FormatFailure(done.error(), target));
  return ExitCodeOf(done.error());
}

}  // namespace nydus
