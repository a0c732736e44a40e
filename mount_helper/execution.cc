// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/execution.h"

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "base/mount_api/mount_api.h"
#include "base/scope_exit.h"
#include "mount_helper/diagnosis.h"
#include "mount_helper/layer_bind.h"
#include "mount_helper/overlay_mount.h"
#include "mount_helper/remount.h"
#include "mount_helper/work_directory_guard.h"

namespace nydus {

namespace {

Result<> ExecuteOverlay(const OverlayPlan& plan, const MountTarget& target,
                        const WorkDirectoryGuard& guard) {
  Result<> mounted = MountOverlay(plan, target);
  if (mounted) return {};
  return Failure(DiagnoseOverlayFailure(plan, guard, std::move(mounted.error())));
}

Result<> Execute(const LayerBindPlan& plan, const MountTarget& target,
                 std::vector<std::string>& notes) {
  Result<> bound = BindLayer(plan, target, notes);
  if (!bound) return Failure(DiagnosePrivilege(std::move(bound.error())));
  return {};
}

Result<> Execute(const RemountPlan& plan, const MountTarget& target,
                 std::vector<std::string>& notes) {
  Result<> changed = Remount(plan, target, notes);
  if (!changed) return Failure(DiagnosePrivilege(std::move(changed.error())));
  return {};
}

// Of the mount whose root is the working directory.
Result<> Propagate(const std::vector<unsigned long>& words) {
  for (const unsigned long word : words) {
    if (Result<> set = Mount(nullptr, ".", nullptr, word, nullptr); !set) {
      return Failure(Wrap(std::move(set.error()), "set the propagation"));
    }
  }
  return {};
}

// The target of a remount is the mount's root already.
Result<> EnterMount(const MountPlan& plan, const MountTarget& target) {
  if (!std::holds_alternative<RemountPlan>(plan.action)) return EnterMountedRoot(target);
  if (fchdir(target.fd.get()) != 0) return FailErrno(ErrorKind::kMount, errno, "enter the target");
  return {};
}

// The kernel takes no propagation with a mount, so a failure here undoes the mount.
Result<> ApplyPropagation(const MountPlan& plan, const MountTarget& target) {
  ScopeExit undo([&] {
    if (!std::holds_alternative<RemountPlan>(plan.action)) UnmountTop(target);
  });
  Result<> done = EnterMount(plan, target);
  if (done) done = Propagate(plan.propagation);
  if (done) undo.Release();
  return done;
}

Result<> ExecuteOverlayPlan(const MountPlan& plan, const OverlayPlan& overlay,
                            const MountTarget& target) {
  const WorkDirectoryGuard guard(overlay);
  Result<> done = ExecuteOverlay(overlay, target, guard);
  if (done && !plan.propagation.empty()) done = ApplyPropagation(plan, target);
  if (!done) guard.RemoveTraces();
  return done;
}

}  // namespace

Result<> ExecutePlan(const MountPlan& plan, const MountTarget& target,
                     std::vector<std::string>& notes) {
  if (const auto* overlay = std::get_if<OverlayPlan>(&plan.action)) {
    return ExecuteOverlayPlan(plan, *overlay, target);
  }
  const auto* bind = std::get_if<LayerBindPlan>(&plan.action);
  Result<> done = bind != nullptr ? Execute(*bind, target, notes)
                                  : Execute(std::get<RemountPlan>(plan.action), target, notes);
  if (!done || plan.propagation.empty()) return done;
  return ApplyPropagation(plan, target);
}

}  // namespace nydus
