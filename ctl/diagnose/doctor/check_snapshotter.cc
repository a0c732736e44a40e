// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_snapshotter.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "ctl/diagnose/doctor/program.h"
#include "ctl/diagnose/doctor/snapshotter.h"

namespace nydus {

namespace {

constexpr char kHelperName[] = "nydus-overlayfs";

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

void CheckHelperName(const SnapshotterSettings& settings, Findings& findings) {
  const std::string what = StrCat("nydus_overlayfs_path = ", Quote(settings.helper));
  if (!BaseName(settings.helper).starts_with(kHelperName)) {
    findings.push_back(Warning(
        "helper-name", what,
        "Kata knows a Nydus root file system by a type that ends in nydus-overlayfs...; with "
        "this one it takes the mount for a common one",
        StrCat("set nydus_overlayfs_path = \"", kHelperName, "\"")));
  } else if (settings.helper.find('/') != std::string::npos) {
    findings.push_back(Warning(
        "helper-path-slash", what,
        "containerd 2.2 and newer log every mount of such a type with its payload, which holds "
        "the registry's credentials, and Kata's Rust runtime does not know the type",
        StrCat("set nydus_overlayfs_path = \"", kHelperName,
               "\" and have the helper on containerd's PATH")));
  } else if (settings.helper != kHelperName) {
    findings.push_back(Warning("helper-suffix", what,
                               "Kata's Rust runtime knows the type fuse.nydus-overlayfs alone",
                               StrCat("set nydus_overlayfs_path = \"", kHelperName, "\"")));
  }
}

// Which of the two switches counts decides whether the helper is called at all.
void CheckSwitches(const SnapshotterSettings& settings, Findings& findings) {
  if (settings.enable_kata_volume && settings.enable_nydus_overlayfs) {
    findings.push_back(Warning(
        "kata-volume-wins", "enable_nydus_overlayfs and enable_kata_volume are both set",
        "enable_kata_volume wins: plain Nydus images become mounts of the type overlay, without an "
        "extra option for Kata and without the helper",
        "set only one: enable_kata_volume for guest pull and tarfs, else enable_nydus_overlayfs"));
  } else if (!settings.enable_kata_volume && !settings.enable_nydus_overlayfs &&
             settings.daemon_mode != "none") {
    findings.push_back(Note("helper-not-called",
                            "neither enable_nydus_overlayfs nor enable_kata_volume is set",
                            "mounts are of the type overlay, and the mount helper is not called",
                            "for Kata, set enable_nydus_overlayfs = true"));
  }
}

void CheckDriver(const NodeView& node, const SnapshotterSettings& settings, Findings& findings) {
  const std::string what = StrCat("fs_driver = ", Quote(settings.fs_driver));
  constexpr char kUseFusedev[] =
      R"(set fs_driver = "fusedev", or "proxy" or "blockdev" with enable_kata_volume for Kata)";
  constexpr std::array<std::string_view, 3> kWorking = {"fusedev", "blockdev", "proxy"};
  if (settings.fs_driver == "nodev") {
    findings.push_back(Bad("fs-driver-nodev", what,
                           "the snapshotter has no manager for it: no mount is prepared",
                           kUseFusedev));
  } else if (settings.fs_driver == "fscache") {
    const bool has_device = node.Exists("/dev/cachefiles");
    constexpr char kWhy[] = "EROFS over fscache is deprecated and gone from newer kernels";
    findings.push_back(has_device ? Warning("fs-driver-fscache", what, kWhy, kUseFusedev)
                                  : Bad("fs-driver-fscache",
                                        StrCat(what, ", and there is no /dev/cachefiles"), kWhy,
                                        kUseFusedev));
  } else if (std::ranges::find(kWorking, settings.fs_driver) == kWorking.end()) {
    findings.push_back(
        Bad("fs-driver-unknown", what, "the snapshotter does not start with it", kUseFusedev));
  } else if (settings.fs_driver == "proxy" && !settings.enable_kata_volume) {
    findings.push_back(Bad("proxy-without-kata-volume", StrCat(what, " without enable_kata_volume"),
                           "the snapshotter looks for a bootstrap that nobody has downloaded",
                           "set enable_kata_volume = true"));
  }
}

void CheckDaemonMode(const SnapshotterSettings& settings, Findings& findings) {
  constexpr std::array<std::string_view, 4> kModes = {"multiple", "dedicated", "shared", "none"};
  const std::string what = StrCat("daemon_mode = ", Quote(settings.daemon_mode));
  if (std::ranges::find(kModes, settings.daemon_mode) == kModes.end()) {
    findings.push_back(Bad("daemon-mode-unknown", what, "the snapshotter does not start with it",
                           "set it to multiple, dedicated, shared or none"));
  } else if (settings.daemon_mode == "none" && settings.fs_driver == "fusedev") {
    findings.push_back(Warning(
        "daemon-mode-none", StrCat(what, " with fs_driver = 'fusedev'"),
        "the snapshotter starts no nydusd: images are served to Kata guests alone, and containers "
        "of runc see an empty root file system",
        R"(set daemon_mode = "dedicated" if runc is used on this node)"));
  }
}

// The program that the snapshotter would run, by the path that it is given or by its PATH.
bool HasProgram(const NodeView& node, const SnapshotterView& snapshotter, const std::string& path,
                std::string_view name) {
  if (!path.empty()) {
    const std::optional<Program> program = LookAtProgram(node, path);
    return program && program->IsUsable();
  }
  std::string search_path(kServicePath);
  if (snapshotter.process) {
    const auto own = StartingVariable(node, *snapshotter.process, "PATH");
    if (own && *own) search_path = **own;
  }
  return std::ranges::any_of(FindOnPath(node, search_path, name), &Program::IsUsable);
}

std::string NameOrPath(const std::string& path, std::string_view name) {
  return path.empty() ? StrCat(name, " on the snapshotter's PATH") : Quote(path);
}

void CheckNeeds(const NodeView& node, const SnapshotterView& snapshotter, Findings& findings) {
  const SnapshotterSettings& settings = snapshotter.settings;
  if (settings.StartsNydusd()) {
    if (!HasProgram(node, snapshotter, settings.nydusd_path, "nydusd")) {
      findings.push_back(
          Bad("nydusd-missing",
              StrCat("there is no ", NameOrPath(settings.nydusd_path, "nydusd"), " to run"),
              "it serves the images; without it no image is mounted",
              "install nydusd, or correct nydusd_path"));
    }
    if (!node.Exists(settings.nydusd_configuration)) {
      findings.push_back(Bad("nydusd-configuration-missing",
                             StrCat(Quote(settings.nydusd_configuration), " does not exist"),
                             "the snapshotter does not start without nydusd's configuration",
                             "write it, or correct nydusd_config"));
    }
  }
  if (settings.fs_driver == "blockdev") {
    if (!HasProgram(node, snapshotter, settings.nydus_image_path, "nydus-image")) {
      findings.push_back(Bad(
          "nydus-image-missing",
          StrCat("there is no ", NameOrPath(settings.nydus_image_path, "nydus-image"), " to run"),
          "it converts the layers for fs_driver = 'blockdev'",
          "install nydus-image, or correct nydusimage_path"));
    }
    if (settings.mount_tarfs_on_host && !node.Exists("/dev/loop-control")) {
      findings.push_back(Bad("loop-missing", "/dev/loop-control does not exist",
                             "mount_tarfs_on_host mounts EROFS over loop devices",
                             "modprobe loop, or set mount_tarfs_on_host = false"));
    }
  }
}

Findings CheckSettings(const NodeView& node, const SnapshotterView& snapshotter) {
  const SnapshotterSettings& settings = snapshotter.settings;
  Findings findings;
  if (settings.version != 1) {
    findings.push_back(
        Bad("snapshotter-configuration-version",
            StrCat(Quote(snapshotter.configuration), " has version = ", settings.version),
            "the snapshotter reads version 1 alone", "set version = 1"));
  }
  CheckDriver(node, settings, findings);
  CheckDaemonMode(settings, findings);
  CheckSwitches(settings, findings);
  CheckHelperName(settings, findings);
  CheckNeeds(node, snapshotter, findings);
  const auto is_worse = [](const Finding& finding) {
    return finding.severity >= Severity::kWarning;
  };
  if (std::ranges::none_of(findings, is_worse)) {
    findings.push_back(Good("snapshotter", StrCat("the snapshotter's settings fit together: ",
                                                  "fs_driver = ", Quote(settings.fs_driver))));
  }
  return findings;
}

}  // namespace

Findings CheckSnapshotter(const NodeView& node, const DoctorOptions& options) {
  const SnapshotterView snapshotter = FindSnapshotter(node, options);
  if (!snapshotter.failure) return CheckSettings(node, snapshotter);
  const Error& failure = *snapshotter.failure;
  if (failure.errno_value == EACCES) {
    return {NotChecked("the snapshotter's configuration", failure.message, "run as root")};
  }
  if (failure.errno_value == ENOENT && !snapshotter.process) {
    return {NotChecked("the snapshotter's configuration", failure.message,
                       "name it with --snapshotter-config")};
  }
  return {Bad("snapshotter-configuration-invalid", failure.message,
              "the snapshotter does not start with it", "correct the file")};
}

}  // namespace nydus
