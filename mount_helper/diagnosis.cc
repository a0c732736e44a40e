// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/diagnosis.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/mount_api/mount_api.h"
#include "base/text.h"
#include "mount_helper/overlay_mount.h"

namespace nydus {

namespace {

// How far up a directory tree is walked in search of another directory.
constexpr int kMaxParents = 256;

Error Because(std::string message, std::string hint = {}) {
  return Error{ErrorKind::kMount, 0, std::move(message), std::move(hint)};
}

constexpr std::string_view kRunAsRoot = "it needs CAP_SYS_ADMIN: run as root";

bool HasSysAdmin() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return true;
  return (data[0].effective & (1U << CAP_SYS_ADMIN)) != 0;
}

UniqueFd OpenDirectory(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

std::optional<Error> UnusableDirectory(std::string_view role, const std::string& path) {
  if (OpenDirectory(path).ok()) return std::nullopt;
  const int error = errno;
  const std::string who = StrCat(role, " ", Quote(path));
  if (error == ENOENT) return Because(StrCat(who, " does not exist"));
  if (error == ENOTDIR) return Because(StrCat(who, " is not a directory"));
  return std::move(FailErrno(ErrorKind::kMount, error, who).error());
}

std::optional<Error> FindUnusableDirectory(const OverlayPlan& plan) {
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const std::string role = StrCat("lower directory ", i + 1, " of ", plan.layers.size());
    if (std::optional<Error> found = UnusableDirectory(role, plan.layers[i].path)) return found;
  }
  if (plan.upper_directory) {
    if (auto found = UnusableDirectory("upper directory", *plan.upper_directory)) return found;
  }
  if (plan.work_directory) {
    if (auto found = UnusableDirectory("work directory", *plan.work_directory)) return found;
  }
  return std::nullopt;
}

bool IsSameDirectory(int first, int second) {
  struct stat a = {};
  struct stat b = {};
  return fstat(first, &a) == 0 && fstat(second, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// True if `directory` is `ancestor` or lies below it.
bool LiesBelow(UniqueFd directory, int ancestor) {
  for (int i = 0; i < kMaxParents && directory.ok(); ++i) {
    if (IsSameDirectory(directory.get(), ancestor)) return true;
    UniqueFd parent(openat(directory.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (parent.ok() && IsSameDirectory(parent.get(), directory.get())) return false;
    directory = std::move(parent);
  }
  return false;
}

std::optional<Error> FindUpperWorkConflict(const OverlayPlan& plan) {
  if (!plan.upper_directory || !plan.work_directory) return std::nullopt;
  const UniqueFd upper = OpenDirectory(*plan.upper_directory);
  const UniqueFd work = OpenDirectory(*plan.work_directory);
  const Result<std::uint64_t> upper_mount = MountId(upper.get());
  const Result<std::uint64_t> work_mount = MountId(work.get());
  if (upper_mount && work_mount && *upper_mount != *work_mount) {
    return Because("upper directory and work directory are not on the same mount",
                   "put both below one directory of one file system");
  }
  if (LiesBelow(OpenDirectory(*plan.work_directory), upper.get()) ||
      LiesBelow(OpenDirectory(*plan.upper_directory), work.get())) {
    return Because("upper directory and work directory overlap", "neither may hold the other");
  }
  return std::nullopt;
}

// The kernel refuses a layer within another one; layers that hold the upper directory are legal.
std::optional<Error> FindOverlappingLayers(const OverlayPlan& plan) {
  for (const Layer& outer : plan.layers) {
    const UniqueFd outer_fd = OpenDirectory(outer.path);
    for (const Layer& inner : plan.layers) {
      if (&inner == &outer || !LiesBelow(OpenDirectory(inner.path), outer_fd.get())) continue;
      return Because(StrCat("lower directories overlap: ", Quote(inner.path), " lies within ",
                            Quote(outer.path)));
    }
  }
  return std::nullopt;
}

bool IsPathOnOverlay(const std::string& path) {
  return IsOnOverlay(OpenDirectory(path).get());
}

// Causes that the kernel tells only in its own log, as EINVAL or EBUSY here.
std::optional<Error> FindSilentCause(const OverlayPlan& plan, const WorkDirectoryGuard& guard,
                                     int errno_value) {
  if (errno_value == EBUSY) {
    return Because("upper or work directory is in use by another overlay mount");
  }
  if (errno_value == ELOOP) return FindOverlappingLayers(plan);
  if (errno_value != EINVAL) return std::nullopt;
  if (guard.BearsOldVolatileMark()) {
    return Because(StrCat("work directory ", Quote(*plan.work_directory),
                          " bears the mark of an earlier volatile mount"),
                   "check the upper directory, then remove work/incompat/volatile");
  }
  if (plan.upper_directory && IsPathOnOverlay(*plan.upper_directory)) {
    return Because(StrCat("upper directory ", Quote(*plan.upper_directory),
                          " lies on an overlay, which cannot hold one"));
  }
  const auto nested = std::ranges::find_if(plan.layers, IsPathOnOverlay, &Layer::path);
  if (nested != plan.layers.end()) {
    return Because(StrCat("lower directory ", Quote(nested->path),
                          " lies on an overlay that has one below it"),
                   "the kernel stacks file systems two deep");
  }
  return std::nullopt;
}

// A context that is set up like the failed mount, but never mounted, has the kernel's words in its
// log. Without `volatile`, which would leave its mark.
Error ReadKernelReason(const OverlayPlan& plan, Error error) {
  error.hint = "the kernel's own log may say more";
  const Result<UniqueFd> context = FsOpen("overlay");
  if (!context) return error;
  OverlayPlan trial = plan;
  std::erase_if(trial.data, [](const DataWord& word) {
    return word.known && word.kind == OptionKind::kVolatile;
  });
  if (ConfigureContext(context->get(), trial)) (void)FsConfigCreate(context->get());
  return WithContextLog(std::move(error), context->get());
}

}  // namespace

Error DiagnosePrivilege(Error error) {
  if (HasSysAdmin()) return error;
  return Error{ErrorKind::kUsage, EPERM, "mounting is not permitted", std::string(kRunAsRoot)};
}

Error DiagnosePermission(Error error) {
  if ((error.errno_value != EACCES && error.errno_value != EPERM) || HasSysAdmin()) return error;
  error.kind = ErrorKind::kUsage;
  error.hint = kRunAsRoot;
  return error;
}

Error DiagnoseOverlayFailure(const OverlayPlan& plan, const WorkDirectoryGuard& guard,
                             Error error) {
  error = DiagnosePrivilege(std::move(error));
  if (error.kind == ErrorKind::kUsage || error.errno_value == 0) return error;
  if (std::optional<Error> found = FindUnusableDirectory(plan)) return *found;
  if (std::optional<Error> found = FindUpperWorkConflict(plan)) return *found;
  const std::string before = error.message;
  const int errno_value = error.errno_value;
  Error told = ReadKernelReason(plan, std::move(error));
  if (told.message != before) return told;
  return FindSilentCause(plan, guard, errno_value).value_or(told);
}

}  // namespace nydus
