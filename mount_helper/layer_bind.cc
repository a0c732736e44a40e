// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/layer_bind.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

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

// COMPAT(linux < 5.12): no mount_setattr. The mount is at its place before it has its flags.
Result<> BindAttached(const LayerBindPlan& plan, const MountTarget& target) {
  const Result<std::string> path = DescriptorPath(target.fd.get());
  if (!path) return Failure(path.error());
  if (Result<> bound = Mount(plan.layer.c_str(), path->c_str(), nullptr, MS_BIND, nullptr);
      !bound) {
    return bound;
  }
  const Result<UniqueFd> root = OpenMountedRoot(target);
  if (!root) return Failure(root.error());
  const Result<std::string> root_path = DescriptorPath(root->get());
  if (!root_path) return Failure(root_path.error());
  const char* mounted = root_path->c_str();
  ScopeExit undo([mounted] { (void)Unmount(mounted, MNT_DETACH); });
  if (Result<> left = Mount(nullptr, mounted, nullptr, MS_PRIVATE, nullptr); !left) return left;
  const unsigned long flags = MS_REMOUNT | MS_BIND | MountFlagBits(plan.flags);
  if (Result<> set = Mount(nullptr, mounted, nullptr, flags, nullptr); !set) return set;
  undo.Release();
  return {};
}

Result<> CheckLayer(const std::string& layer) {
  const UniqueFd fd(open(layer.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) {
    return FailErrno(ErrorKind::kMount, errno, StrCat("lower directory ", Quote(layer)));
  }
  return {};
}

bool IsAbsent(const Error& error) {
  return error.errno_value == ENOSYS || error.kind == ErrorKind::kUnsupported;
}

}  // namespace

Result<> BindLayer(const LayerBindPlan& plan, const MountTarget& target,
                   std::vector<std::string>& notes) {
  if (Result<> usable = CheckLayer(plan.layer); !usable) return usable;
  const Result<UniqueFd> tree = OpenTreeClone(plan.layer.c_str());
  if (tree) {
    Result<> bound = BindDetached(tree->get(), plan, target, notes);
    if (bound || !IsAbsent(bound.error())) return bound;
  } else if (tree.error().errno_value != ENOSYS && tree.error().errno_value != EPERM) {
    return Failure(tree.error());
  }
  return BindAttached(plan, target);
}

}  // namespace nydus
