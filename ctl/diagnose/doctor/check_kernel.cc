// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_kernel.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "base/mount_api/kernel_features.h"
#include "base/text.h"
#include "ctl/diagnose/doctor/snapshotter.h"

namespace nydus {

namespace {

std::string Reason(int error) {
  return std::strerror(error);
}

Finding Unusable(std::string_view name, bool is_locked, Severity severity, std::string_view need) {
  Finding finding{
      .id = StrCat("kernel-", name),
      .severity = severity,
      .what = StrCat("the kernel has no file system ", name),
      .why = std::string(need),
      .remedy = "install the kernel's module packages, or another kernel",
  };
  if (is_locked) {
    finding.what = StrCat("the module ", name, " is not loaded and must not be");
    finding.remedy = StrCat(
        "load ", name, " at boot (/etc/modules-load.d), before kernel.modules_disabled is set");
  }
  return finding;
}

Finding JudgeFileSystem(const NodeView& node, std::string_view name, Severity severity,
                        std::string_view need) {
  switch (StateOfFileSystem(node, name)) {
    case FileSystemState::kPresent:
      return Good(StrCat("kernel-", name), StrCat("the kernel has ", name));
    case FileSystemState::kLoadable:
      return Good(StrCat("kernel-", name),
                  StrCat("the kernel loads ", name, " with the first mount"));
    case FileSystemState::kLocked: return Unusable(name, true, severity, need);
    case FileSystemState::kAbsent: return Unusable(name, false, severity, need);
    case FileSystemState::kUnknown: break;
  }
  return NotChecked(StrCat("whether the kernel has ", name), "/proc/filesystems cannot be read",
                    "mount /proc");
}

Findings CheckFileSystems(const NodeView& node, const SnapshotterView& snapshotter) {
  const SnapshotterSettings& settings = snapshotter.settings;
  const bool needs_fuse = snapshotter.IsKnown() && settings.StartsNydusd();
  const bool needs_erofs = settings.fs_driver == "blockdev" && settings.mount_tarfs_on_host;
  return {JudgeFileSystem(node, "overlay", Severity::kError,
                          "a container's root file system is an overlay"),
          JudgeFileSystem(node, "fuse", needs_fuse ? Severity::kError : Severity::kWarning,
                          "nydusd serves images through it"),
          JudgeFileSystem(node, "erofs", needs_erofs ? Severity::kError : Severity::kNote,
                          needs_erofs ? "mount_tarfs_on_host mounts images with it"
                                      : "images cannot be mounted without nydusd")};
}

// All options of a mount travel as one argument of a shell; the kernel allows 32 pages
// (include/uapi/linux/binfmts.h: MAX_ARG_STRLEN).
Finding ArgumentLimit() {
  constexpr long kPages = 32;
  return Good("argument-limit",
              StrCat("all options of one mount may have ", sysconf(_SC_PAGESIZE) * kPages,
                     " bytes on containerd's way"));
}

Finding Refused(std::string_view what, int error) {
  return Bad("overlay-mount-refused", StrCat(what, ": ", Reason(error)),
             "no container can be started with it",
             "look at the kernel's log; let no seccomp filter or security module refuse mount(2) "
             "to root");
}

void JudgeInterfaces(const KernelTrial& trial, Findings& findings) {
  constexpr char kLongLists[] =
      "lists of layers of 4096 bytes and more are shortened, and fail if that is not enough";
  if (!trial.layers_one_by_one) {
    findings.push_back(Warning("kernel-layers-one-by-one",
                               "overlay does not take its layers one by one", kLongLists,
                               "use Linux 6.7 or newer, and let no seccomp filter refuse fsopen(2) "
                               "and fsconfig(2)"));
  } else if (trial.context != 0) {
    findings.push_back(Warning(
        "kernel-mount-interface",
        StrCat("an overlay by fsopen(2), fsmount(2) and move_mount(2): ", Reason(trial.context)),
        kLongLists, "let no seccomp filter or security module refuse these calls"));
  } else {
    findings.push_back(Good("kernel-layers-one-by-one", "overlay takes its layers one by one"));
  }
  if (trial.data_layers > 0) {
    findings.push_back(Note("kernel-data-layers", "overlay takes no data-only layers",
                            "lower directories behind '::' need them", "use Linux 6.8 or newer"));
  }
  if (trial.mount_setattr > 0) {
    findings.push_back(Note("kernel-mount-setattr",
                            StrCat("mount_setattr(2): ", Reason(trial.mount_setattr)),
                            "remounts go by mount(2), in more steps", "use Linux 5.12 or newer"));
  }
  if (trial.openat2 > 0) {
    findings.push_back(Note("kernel-openat2", StrCat("openat2(2): ", Reason(trial.openat2)),
                            "nydus-overlayctl needs it to share directories with guests",
                            "use Linux 5.6 or newer"));
  }
}

Findings TryThisKernel() {
  const Result<KernelTrial> trial = TryKernel();
  if (!trial) return {NotChecked("mounting an overlay", trial.error().message)};
  return JudgeTrial(*trial);
}

}  // namespace

Findings JudgeTrial(const KernelTrial& trial) {
  if (trial.mount_namespace != 0) {
    return {NotChecked("mounting an overlay",
                       StrCat("no private mount namespace: ", Reason(trial.mount_namespace)),
                       "run as root")};
  }
  if (trial.scratch != 0) {
    const bool is_refused = IsAbsent(trial.scratch) || trial.scratch == EACCES;
    if (is_refused && !trial.in_user_namespace) return {Refused("mount(2)", trial.scratch)};
    return {NotChecked("mounting an overlay", StrCat("no tmpfs to try on: ", Reason(trial.scratch)),
                       "run as root")};
  }
  Findings findings;
  if (trial.overlay != 0 && trial.in_user_namespace) {
    findings.push_back(NotChecked("mounting an overlay",
                                  StrCat("in a user namespace: ", Reason(trial.overlay)),
                                  "run as root"));
  } else if (trial.overlay != 0) {
    findings.push_back(Refused("mounting an overlay", trial.overlay));
  } else {
    findings.push_back(Good("overlay-mount", "an overlay was mounted and written to"));
  }
  JudgeInterfaces(trial, findings);
  return findings;
}

Findings CheckKernel(const NodeView& node, const DoctorOptions& options) {
  Findings findings = CheckFileSystems(node, FindSnapshotter(node, options));
  if (!node.IsThisNode()) return findings;
  findings.push_back(ArgumentLimit());
  if (StateOfFileSystem(node, "overlay") == FileSystemState::kPresent) {
    std::ranges::move(TryThisKernel(), std::back_inserter(findings));
  }
  return findings;
}

Findings CheckFuseDevice(const NodeView& node, const DoctorOptions& options) {
  const SnapshotterView snapshotter = FindSnapshotter(node, options);
  const bool is_needed = !snapshotter.IsKnown() || snapshotter.settings.StartsNydusd();
  const Severity severity = is_needed ? Severity::kError : Severity::kNote;
  constexpr char kWhy[] = "nydusd serves images through it";
  const auto device = node.OpenPath("/dev/fuse");
  if (!device) return {NotChecked("/dev/fuse", device.error().message, "run as root")};
  if (!*device) {
    return {{"fuse-device-missing", severity, "/dev/fuse does not exist", kWhy,
             "modprobe fuse; in a container, pass the device"}};
  }
  const dev_t fuse_device = makedev(10, 229);  // include/uapi/linux/fuse.h: FUSE_MINOR
  struct stat status = {};
  if (fstat((*device)->get(), &status) != 0 || !S_ISCHR(status.st_mode) ||
      status.st_rdev != fuse_device) {
    return {{"fuse-device-wrong", severity, "/dev/fuse is not the character device 10:229", kWhy,
             "remove it and restart udev, or mknod /dev/fuse c 10 229"}};
  }
  // To open the device would load the module.
  if (StateOfFileSystem(node, "fuse") != FileSystemState::kPresent) {
    return {Good("fuse-device", "/dev/fuse is there")};
  }
  const auto opened = node.OpenPath("/dev/fuse", O_RDWR);
  if (opened && *opened) return {Good("fuse-device", "/dev/fuse can be opened")};
  const std::string reason = opened ? "gone" : Reason(opened.error().errno_value);
  if (geteuid() != 0) return {NotChecked("/dev/fuse", reason, "run as root")};
  return {{"fuse-device-refused", severity, StrCat("/dev/fuse cannot be opened: ", reason), kWhy,
           "allow the device in the cgroup, the container or the security module"}};
}

}  // namespace nydus
