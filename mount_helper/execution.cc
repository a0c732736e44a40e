// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/execution.h"

#include <sys/mount.h>

#include "base/mount_api/mount_api.h"
#include "base/scope_exit.h"
#include "mount_helper/diagnosis.h"
#include "mount_helper/layer_bind.h"
#include "mount_helper/overlay_mount.h"
#include "mount_helper/remount.h"
#include "mount_helper/work_directory_guard.h"

namespace nydus {

namespace {

Result<> Execute(const OverlayPlan& plan, const MountTarget& target, std::vector<std::string>&) {
  const WorkDirectoryGuard guard(plan);
  Result<> mounted = MountOverlay(plan, target);
  if (mounted) return {};
  Error error = DiagnoseOverlayFailure(plan, guard, std::move(mounted.error()));
  guard.RemoveTraces();
  return Failure(std::move(error));
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

Result<> Propagate(const std::string& mounted, const std::vector<unsigned long>& words) {
  for (const unsigned long word : words) {
    if (Result<> set = Mount(nullptr, mounted.c_str(), nullptr, word, nullptr); !set) {
      return Failure(Wrap(std::move(set.error()), "set the propagation"));
    }
  }
  return {};
}

// The kernel takes no propagation with a mount, so a failure here undoes the mount. A remount has
// nothing to undo and its target is the mount's root already.
Result<> ApplyPropagation(const MountPlan& plan, const MountTarget& target) {
  const bool is_remount = std::holds_alternative<RemountPlan>(plan.action);
  const Result<UniqueFd> root = is_remount ? Result<UniqueFd>() : OpenMountedRoot(target);
  if (!root) return Failure(root.error());
  const Result<std::string> path = DescriptorPath(is_remount ? target.fd.get() : root->get());
  if (!path) return Failure(path.error());
  ScopeExit undo([&] {
    if (!is_remount) (void)Unmount(path->c_str(), MNT_DETACH);
  });
  Result<> propagated = Propagate(*path, plan.propagation);
  if (propagated) undo.Release();
  return propagated;
}

}  // namespace

Result<> ExecutePlan(const MountPlan& plan, const MountTarget& target,
                     std::vector<std::string>& notes) {
  Result<> done =
      std::visit([&](const auto& action) { return Execute(action, target, notes); }, plan.action);
  if (!done || plan.propagation.empty()) return done;
  return ApplyPropagation(plan, target);
}

}  // namespace nydus
