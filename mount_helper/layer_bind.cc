// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/layer_bind.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "base/mount_api/kernel_features.h"
#include "base/mount_api/mount_api.h"
#include "base/scope_exit.h"
#include "base/text.h"
#include "mount_helper/mount_attributes.h"

namespace nydus {

namespace {

AttributeBits WantedAttributes(const LayerBindPlan& plan) {
  const std::uint64_t set = MountAttributes(plan.flags).set;
  return {.set = set, .clear = AllMountAttributes() & ~set};
}

Result<> BindDetached(int tree_fd, const LayerBindPlan& plan, const MountTarget& target,
                      std::vector<std::string>& notes) {
  if (Result<> set = ChangeAttributes(tree_fd, WantedAttributes(plan), notes); !set) return set;
  if (Result<> left = MountSetattr(tree_fd, {.propagation = MS_PRIVATE}); !left) return left;
  return MoveMount(tree_fd, target.fd.get());
}

Result<> SetFlagsOfMountedRoot(const LayerBindPlan& plan, const MountTarget& target) {
  if (Result<> entered = EnterMountedRoot(target); !entered) return entered;
  if (Result<> left = Mount(nullptr, ".", nullptr, MS_PRIVATE, nullptr); !left) return left;
  // Without a word on access times a remount keeps those of the layer's mount.
  const bool names_atime = plan.flags.atime && *plan.flags.atime != Atime::kRelative;
  const unsigned long atime = names_atime ? 0 : MS_RELATIME;
  const unsigned long flags = MS_REMOUNT | MS_BIND | MountFlagBits(plan.flags) | atime;
  return Mount(nullptr, ".", nullptr, flags, nullptr);
}

// COMPAT(linux < 5.12): no mount_setattr. The mount is at its place before it has its flags.
Result<> BindAttached(const LayerBindPlan& plan, const MountTarget& target) {
  const bool absolute = plan.layer.starts_with('/');
  const Result<std::string> path =
      NameTarget(target, absolute ? WorkingDirectory::kFree : WorkingDirectory::kKept);
  if (!path) return Failure(path.error());
  Result<> bound = Mount(plan.layer.c_str(), path->c_str(), nullptr, MS_BIND, nullptr);
  if (!bound) return bound;
  ScopeExit undo([&target] { UnmountTop(target); });
  Result<> set = SetFlagsOfMountedRoot(plan, target);
  if (set) undo.Release();
  return set;
}

Result<> CheckLayer(const std::string& layer) {
  const UniqueFd fd(open(layer.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) {
    return FailErrno(ErrorKind::kMount, errno, StrCat("lower directory ", Quote(layer)));
  }
  return {};
}

}  // namespace

Result<> BindLayer(const LayerBindPlan& plan, const MountTarget& target,
                   std::vector<std::string>& notes) {
  if (Result<> usable = CheckLayer(plan.layer); !usable) return usable;
  const Result<UniqueFd> tree = OpenTreeClone(plan.layer.c_str());
  Result<> bound = tree ? BindDetached(tree->get(), plan, target, notes) : Failure(tree.error());
  if (bound || !IsAbsent(bound.error().errno_value)) return bound;
  return BindAttached(plan, target);
}

}  // namespace nydus
