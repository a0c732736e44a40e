// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_leftovers.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/mount_table/mount_table.h"
#include "base/text.h"
#include "ctl/diagnose/doctor/bounded.h"
#include "ctl/diagnose/doctor/containerd.h"
#include "ctl/diagnose/doctor/snapshotter.h"

namespace nydus {

namespace {

constexpr std::chrono::milliseconds kMountAnswers(3000);

// How many mounts are asked whether they live, and after how many that do not answer no more are.
constexpr std::size_t kMaxAskedMounts = 1000;
constexpr std::size_t kMaxSilentMounts = 4;

// containerd: core/mount/temp.go names its directories so.
constexpr std::string_view kTemporaryMount = "/containerd-mount";

bool IsFuse(const MountEntry& mount) {
  return mount.type == "fuse" || mount.type == "fuseblk" || mount.type.starts_with("fuse.");
}

bool LiesBelow(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && path.substr(directory.size()).starts_with('/');
}

void CheckTemporaryMounts(const std::vector<MountEntry>& mounts, Findings& findings) {
  const auto is_temporary = [](const MountEntry& mount) {
    return (mount.type == "overlay" || IsFuse(mount)) &&
           mount.mount_point.find(kTemporaryMount) != std::string::npos;
  };
  const auto first = std::ranges::find_if(mounts, is_temporary);
  if (first == mounts.end()) return;
  const auto count = std::ranges::count_if(mounts, is_temporary);
  findings.push_back(Warning("leftover-mount",
                             StrCat(count, count == 1 ? " mount" : " mounts",
                                    " of containerd's for a moment: ", Quote(first->mount_point),
                                    count == 1 ? "" : " and others"),
                             "they keep layers busy that containerd wants to remove",
                             "if they are there a minute later too, umount them"));
}

enum class Life { kAlive, kDead, kSilent };

// Asks the file system of a mount for the attributes of its root. A dead FUSE server's answers
// ENOTCONN; one that hangs does not answer, so a child asks.
Life AskMount(const std::string& path) {
  const Result<std::string> answer = RunBounded(kMountAnswers, [&path] {
    struct statx status = {};
    const int failed = statx(AT_FDCWD, path.c_str(), AT_STATX_FORCE_SYNC | AT_NO_AUTOMOUNT,
                             STATX_BASIC_STATS, &status);
    return std::string(failed != 0 && (errno == ENOTCONN || errno == ECONNABORTED) ? "dead"
                                                                                   : "alive");
  });
  if (!answer) return answer.error().errno_value == ETIMEDOUT ? Life::kSilent : Life::kAlive;
  return *answer == "dead" ? Life::kDead : Life::kAlive;
}

Finding DeadMount(const std::string& path) {
  return Bad(
      "dead-fuse-mount", StrCat("the daemon behind ", Quote(path), " is gone"),
      "containers of this image cannot be started",
      StrCat("umount -l ", Quote(path),
             R"(, restart nydus-snapshotter, and set recover_policy = "restart" or "failover")"));
}

Finding SilentMount(const std::string& path) {
  return Bad("hung-fuse-mount", StrCat("the daemon behind ", Quote(path), " does not answer"),
             "containers of this image hang",
             "look at the log of its nydusd; restart nydus-snapshotter");
}

// Only nydusd's mounts: other FUSE file systems are not ours to wait for.
void CheckFuseMounts(const std::vector<MountEntry>& mounts, const std::string& root,
                     Findings& findings) {
  std::size_t asked = 0;
  std::size_t silent = 0;
  for (const MountEntry& mount : mounts) {
    if (!IsFuse(mount) || !LiesBelow(mount.mount_point, root)) continue;
    if (asked == kMaxAskedMounts || silent == kMaxSilentMounts) {
      findings.push_back(NotChecked("the daemons of some FUSE mounts",
                                    StrCat("only the first ", asked, " were asked")));
      return;
    }
    ++asked;
    switch (AskMount(mount.mount_point)) {
      case Life::kAlive: break;
      case Life::kDead: findings.push_back(DeadMount(mount.mount_point)); break;
      case Life::kSilent: ++silent; findings.push_back(SilentMount(mount.mount_point));
    }
  }
}

void CheckLoopDevices(const NodeView& node, const std::string& root, Findings& findings) {
  constexpr std::string_view kDeleted = " (deleted)";
  constexpr std::size_t kMaxPathText = 8192;
  for (const std::string& device : node.List("/sys/block")) {
    if (!device.starts_with("loop")) continue;
    const auto text = node.Read(StrCat("/sys/block/", device, "/loop/backing_file"), kMaxPathText);
    if (!text || !*text) continue;
    const std::string_view file(text->value());
    const std::string_view line = file.substr(0, file.find('\n'));
    if (!line.ends_with(kDeleted) || !LiesBelow(line, root)) continue;
    findings.push_back(Warning("leftover-loop-device",
                               StrCat("/dev/", device, " is on a deleted layer: ", Quote(line)),
                               "it keeps the file's space and one of the loop devices",
                               StrCat("losetup -d /dev/", device)));
  }
}

}  // namespace

Findings CheckLeftovers(const NodeView& node, const DoctorOptions& options) {
  const ContainerdView containerd = FindContainerd(node, options);
  const std::string root = node.Resolve(FindSnapshotter(node, options).settings.root);
  const std::string path =
      containerd.process ? containerd.process->PathOf("mountinfo") : "/proc/self/mountinfo";
  Findings findings;
  CheckLoopDevices(node, root, findings);
  const Result<std::optional<UniqueFd>> file = node.OpenPath(path, O_RDONLY);
  if (!file || !*file) {
    findings.push_back(
        NotChecked("leftover mounts", StrCat(path, " cannot be read"), "run as root"));
    return findings;
  }
  const Result<std::vector<MountEntry>> mounts = ReadMountTable(NodeView::PathOf(**file));
  if (!mounts) {
    findings.push_back(NotChecked("leftover mounts", mounts.error().message));
    return findings;
  }
  CheckTemporaryMounts(*mounts, findings);
  if (node.IsThisNode()) CheckFuseMounts(*mounts, root, findings);
  if (findings.empty()) findings.push_back(Good("leftovers", "no mount is left over or dead"));
  return findings;
}

}  // namespace nydus
