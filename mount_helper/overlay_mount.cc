// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/overlay_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "base/mount_api/kernel_features.h"
#include "base/mount_api/mount_api.h"
#include "base/text.h"
#include "mount_helper/escapes.h"
#include "mount_helper/work_directory_guard.h"

namespace nydus {

namespace {

constexpr const char* kFileSystem = "overlay";

Failure MountFailed(int error) {
  return FailErrno(ErrorKind::kMount, error, "mount overlay");
}

Result<> MountByCall(const OverlayPlan& plan, const char* target, const std::string& data) {
  const Result<> mounted =
      Mount(plan.source.c_str(), target, kFileSystem, MountFlagBits(plan.flags), data.c_str());
  if (!mounted) return MountFailed(mounted.error().errno_value);
  return {};
}

Result<> MountShort(const OverlayPlan& plan, const MountTarget& target, const std::string& data) {
  const Result<std::string> path = NameTarget(
      target, HasOnlyAbsolutePaths(plan) ? WorkingDirectory::kFree : WorkingDirectory::kKept);
  if (!path) return Failure(path.error());
  return MountByCall(plan, path->c_str(), data);
}

Failure TooLong(std::size_t bytes, std::size_t shortened) {
  return Fail(ErrorKind::kMount,
              StrCat("the overlay options are ", bytes, " bytes, ", shortened,
                     " seen from the layers' common parent: ", shortened - (kMountDataLimit - 1),
                     " too many for mount(2)"),
              "use shorter paths, fewer layers, or Linux 6.7 or later");
}

// COMPAT(linux < 6.7): no `lowerdir+`. Paths get shorter seen from the directory above the layers.
Result<> MountFromCommonParent(const OverlayPlan& plan, const MountTarget& target,
                               std::size_t long_size) {
  const std::string parent = CommonParent(plan.layers);
  if (!HasOnlyAbsolutePaths(plan) || parent.empty()) return TooLong(long_size, long_size);
  const OverlayPlan relative = RelativePlan(plan, parent);
  const std::string data = FormatMountData(relative.data);
  if (data.size() >= kMountDataLimit) return TooLong(long_size, data.size());

  const Result<std::string> path = NameTarget(target, WorkingDirectory::kKept);
  if (!path) return Failure(path.error());
  if (chdir(parent.c_str()) != 0) {
    return FailErrno(ErrorKind::kMount, errno, StrCat("enter ", Quote(parent)));
  }
  return MountByCall(relative, path->c_str(), data);
}

// COMPAT(linux < 6.13.10): layers are taken as strings only, then this fails with EINVAL or EBADF.
Result<> ConfigurePathByDescriptor(int context_fd, const char* key, const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return FailErrno(ErrorKind::kMount, errno, StrCat(key, " ", Quote(path)));
  if (FsConfigFd(context_fd, key, fd.get())) return {};
  return Fail(ErrorKind::kUnsupported,
              StrCat(key, ": a path of ", path.size(), " bytes is over the kernel's limit of ",
                     kMaxFsConfigString));
}

Result<> ConfigureString(int context_fd, const char* key, const std::string& value) {
  if (Result<> set = FsConfigString(context_fd, key, value.c_str()); !set) {
    // Only the key: the value of a misspelt payload option is still a payload.
    return FailErrno(ErrorKind::kMount, set.error().errno_value, StrCat("option ", Quote(key)));
  }
  return {};
}

// The kernel takes escapes out of upperdir= and workdir=, but not out of lowerdir+=.
Result<> ConfigurePath(int context_fd, const char* key, const std::string& path, bool escapes) {
  const std::string text = escapes ? EscapePath(path) : path;
  if (text.size() > kMaxFsConfigString) return ConfigurePathByDescriptor(context_fd, key, path);
  return ConfigureString(context_fd, key, text);
}

Result<> ConfigureLayers(int context_fd, const std::vector<Layer>& layers) {
  for (const Layer& layer : layers) {
    const char* key = layer.data_only ? "datadir+" : "lowerdir+";
    if (Result<> set = ConfigurePath(context_fd, key, layer.path, false); !set) return set;
  }
  return {};
}

Result<> ConfigureWord(int context_fd, const OverlayPlan& plan, const DataWord& word) {
  if (word.known && word.kind == OptionKind::kLowerDirectory) {
    return ConfigureLayers(context_fd, plan.layers);
  }
  if (word.known && word.kind == OptionKind::kUpperDirectory) {
    return ConfigurePath(context_fd, "upperdir", *plan.upper_directory, true);
  }
  if (word.known && word.kind == OptionKind::kWorkDirectory) {
    return ConfigurePath(context_fd, "workdir", *plan.work_directory, true);
  }
  if (word.value) return ConfigureString(context_fd, word.key.c_str(), *word.value);
  if (Result<> set = FsConfigFlag(context_fd, word.key.c_str()); !set) {
    return FailErrno(ErrorKind::kMount, set.error().errno_value,
                     StrCat("option ", Quote(word.key)));
  }
  return {};
}

Result<> MountFromContext(int context_fd, const OverlayPlan& plan, const MountTarget& target) {
  if (Result<> configured = ConfigureContext(context_fd, plan); !configured) return configured;
  if (Result<> created = FsConfigCreate(context_fd); !created) {
    return MountFailed(created.error().errno_value);
  }
  const Result<UniqueFd> mount = FsMount(context_fd, MountAttributes(plan.flags).set);
  if (!mount) return Failure(mount.error());
  return MoveMount(mount->get(), target.fd.get());
}

Result<> TryContext(const OverlayPlan& plan, const MountTarget& target) {
  const Result<UniqueFd> context = FsOpen(kFileSystem);
  if (!context) return Failure(context.error());
  Result<> mounted = MountFromContext(context->get(), plan, target);
  if (!mounted) return Failure(WithContextLog(std::move(mounted.error()), context->get()));
  return {};
}

Result<> MountThroughContext(const OverlayPlan& plan, const MountTarget& target) {
  if (const std::string_view flag = FlagWithoutContextForm(plan.flags); !flag.empty()) {
    return Fail(ErrorKind::kMount,
                StrCat("option ", Quote(flag), " cannot be set on a mount of so many layers"));
  }
  Result<> mounted = TryContext(plan, target);
  if (mounted || mounted.error().kind != ErrorKind::kUnsupported) return mounted;

  const std::string parent = CommonParent(plan.layers);
  const bool shortens = HasOnlyAbsolutePaths(plan) && !parent.empty();
  if (!shortens || chdir(parent.c_str()) != 0) return mounted;
  return TryContext(RelativePlan(plan, parent), target);
}

}  // namespace

Result<> ConfigureContext(int context_fd, const OverlayPlan& plan) {
  if (Result<> set = ConfigureString(context_fd, "source", plan.source); !set) return set;
  for (const std::string_view flag : ContextFlags(plan.flags)) {
    if (Result<> set = FsConfigFlag(context_fd, std::string(flag).c_str()); !set) return set;
  }
  for (const DataWord& word : plan.data) {
    if (Result<> set = ConfigureWord(context_fd, plan, word); !set) return set;
  }
  return {};
}

Error WithContextLog(Error error, int context_fd) {
  const std::vector<std::string> messages = ReadContextLog(context_fd);
  if (messages.empty() || error.kind == ErrorKind::kUnsupported) return error;
  error.hint.clear();
  error.message = "mount overlay: the kernel says ";
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (i > 0) error.message += "; ";
    error.message += Quote(messages[i]);
  }
  return error;
}

std::string_view OverlayInterface(const OverlayPlan& plan) {
  return FormatMountData(plan.data).size() < kMountDataLimit ? "mount(2)" : "fsopen(2)";
}

Result<> MountOverlay(const OverlayPlan& plan, const MountTarget& target) {
  const std::string data = FormatMountData(plan.data);
  if (data.size() < kMountDataLimit) return MountShort(plan, target, data);
  if (!OverlayTakesLayersOneByOne()) return MountFromCommonParent(plan, target, data.size());
  const WorkDirectoryGuard guard(plan);
  Result<> mounted = MountThroughContext(plan, target);
  if (mounted || !IsAbsent(mounted.error().errno_value)) return mounted;
  // The context may have got as far as marking the work directory.
  guard.RemoveTraces();
  Result<> by_parent = MountFromCommonParent(plan, target, data.size());
  const bool no_way = !by_parent && by_parent.error().errno_value == 0;
  return no_way ? mounted : by_parent;
}

}  // namespace nydus
