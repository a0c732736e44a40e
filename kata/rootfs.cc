// SPDX-License-Identifier: Apache-2.0
#include "kata/rootfs.h"

#include <algorithm>
#include <utility>

#include "base/interruption.h"
#include "base/text.h"
#include "kata/container_share.h"
#include "kata/failure_list.h"
#include "kata/rootfs_plan.h"
#include "kata/sandbox.h"
#include "kata/sandbox_nydusd.h"
#include "kata/sandbox_parts.h"

namespace nydus {

namespace {

// Ends what an interrupted call began. A container that was handed over once stays in the record,
// because nydusd would serve its old files to a guest that looks again.
Result<> TakeBack(const OpenSandbox& sandbox, const std::string& name, bool was_handed_over,
                  Deadline deadline) {
  const Uninterrupted to_the_end;
  const Result<bool> lives = NydusdLives(sandbox.record);
  if (!lives) return Failure(lives.error());
  ContainerRecord& container = *sandbox.record.FindContainer(name);
  FailureList failures;
  TakeBackContainer(sandbox, container, *lives, failures, deadline);
  if (!failures.empty()) {
    // What is gone is not looked for again: its mount's ID may be another's by then.
    (void)sandbox.Save();
    return std::move(failures).Finish();
  }
  if (was_handed_over && container.HasDirectory()) {
    container.phase = ContainerRecord::Phase::kSpent;
  } else {
    std::erase_if(sandbox.record.containers,
                  [&](const ContainerRecord& each) { return each.id == name; });
  }
  return sandbox.Save();
}

Result<std::string> ShareNew(const OpenSandbox& sandbox, const ContainerPlan& plan,
                             Deadline deadline) {
  Result<> made = MakeContainerShare(sandbox, plan, deadline);
  if (made) return plan.description;
  return WithUndoFailure(std::move(made.error()),
                         TakeBack(sandbox, plan.container, false, After(kUndoTime)),
                         "nydus-overlayctl rootfs unshare takes back the rest");
}

Result<std::string> ShareIn(const OpenSandbox& sandbox, const RootfsRequest& request,
                            ContainerPlan& plan, Deadline deadline) {
  Result<NextStep> next = SettleInSandbox(sandbox, request, plan, deadline);
  if (next && *next == NextStep::kTakeBackFirst) {
    if (Result<> ended = TakeBack(sandbox, plan.container, false, deadline); !ended) {
      return Failure(Wrap(std::move(ended.error()), "leftovers of an interrupted call"));
    }
    next = SettleInSandbox(sandbox, request, plan, deadline);
  }
  if (!next) return Failure(std::move(next.error()));
  if (*next == NextStep::kNothing) return plan.description;
  return ShareNew(sandbox, plan, deadline);
}

const std::string& SocketToMakeItWith(const RootfsRequest& request) {
  return request.api_socket.empty() ? request.default_api_socket : request.api_socket;
}

// Where the request can make the sandbox, what a killed call left of it is taken down by that.
Result<std::optional<SandboxParts>> OpenPartsFor(const KataDirectories& directories,
                                                 const RootfsRequest& request, Deadline deadline) {
  const bool can_make = !SocketToMakeItWith(request).empty();
  return OpenParts(directories, request.sandbox,
                   can_make ? Unfinished::kPassOver : Unfinished::kOpen, deadline);
}

// Around a nydusd that runs already. It stays even if the container cannot be shared: what nydusd
// has served a guest once, it cannot serve again.
Result<> MakeMissingSandbox(const KataDirectories& directories, const RootfsRequest& request,
                            Deadline deadline) {
  SandboxRequest sandbox{.id = request.sandbox};
  sandbox.api_socket = SocketToMakeItWith(request);
  sandbox.layout = request.layout.value_or(request.default_layout);
  if (sandbox.api_socket.empty()) return NoSuchSandbox(request.sandbox);
  const Result<CreatedSandbox> made = CreateSandbox(directories, sandbox, deadline);
  return made ? Result<>() : Failure(made.error());
}

}  // namespace

Result<std::string> ShareRootFilesystem(const KataDirectories& directories,
                                        const RootfsRequest& request, Deadline deadline) {
  Result<ContainerPlan> plan = PlanContainer(request);
  if (!plan) return Failure(std::move(plan.error()));
  Result<std::optional<SandboxParts>> parts = OpenPartsFor(directories, request, deadline);
  if (parts && !*parts) {
    Result<> made = MakeMissingSandbox(directories, request, deadline);
    if (!made) return Failure(std::move(made.error()));
    parts = OpenPartsFor(directories, request, deadline);
  }
  if (!parts) return Failure(std::move(parts.error()));
  if (!*parts) return NoSuchSandbox(request.sandbox);
  return ShareIn((*parts)->Open(), request, *plan, deadline);
}

Result<> CheckRootFilesystem(const KataDirectories& directories, const RootfsRequest& request,
                             Deadline deadline) {
  Result<ContainerPlan> plan = PlanContainer(request);
  if (!plan) return Failure(std::move(plan.error()));
  Result<std::optional<SandboxParts>> parts = OpenPartsFor(directories, request, deadline);
  if (!parts) return Failure(std::move(parts.error()));
  if (*parts) {
    const Result<NextStep> next = SettleInSandbox((*parts)->Open(), request, *plan, deadline);
    return next ? Result<>() : Failure(next.error());
  }
  return SocketToMakeItWith(request).empty() ? NoSuchSandbox(request.sandbox) : Result<>();
}

Result<bool> UnshareRootFilesystem(const KataDirectories& directories, const std::string& sandbox,
                                   const std::string& container, Deadline deadline) {
  Result<std::optional<SandboxParts>> parts =
      OpenPartsToTakeBack(directories, sandbox, container, deadline);
  if (!parts) return Failure(std::move(parts.error()));
  if (!*parts) return false;
  const ContainerRecord* found = (*parts)->record.FindContainer(container);
  if (found == nullptr || found->phase == ContainerRecord::Phase::kSpent) return false;
  const bool was_handed_over = found->phase != ContainerRecord::Phase::kSharing;
  const OpenSandbox open = (*parts)->Open();
  if (Result<> taken = TakeBack(open, container, was_handed_over, deadline); !taken) {
    return Failure(std::move(taken.error()));
  }
  return true;
}

}  // namespace nydus
