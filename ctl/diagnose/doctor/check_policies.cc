// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_policies.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_reading.h"
#include "base/text.h"
#include "ctl/configuration/configuration.h"
#include "ctl/diagnose/doctor/containerd.h"
#include "ctl/diagnose/doctor/processes.h"
#include "mount_helper/payload_check.h"
#include "snapshot/payload/payload_policy.h"

namespace nydus {

namespace {

constexpr char kMountHelper[] = "/usr/sbin/mount.fuse.nydus-overlayfs";
constexpr std::size_t kMaxKernelText = std::size_t{1024} * 1024;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// "" where a file is absent or cannot be read: the security module is then off or silent.
std::string KernelText(const NodeView& node, const std::string& path) {
  const Result<std::optional<std::string>> text = node.Read(path, kMaxKernelText);
  return text ? std::string(Trim(text->value_or(""))) : std::string();
}

// Why the mount helper and this tool would not read it (base/file_reading.h: ReadTrustedFile).
std::optional<std::string> TrustedFileFault(const UniqueFd& file) {
  struct stat status = {};
  if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "is no regular file";
  if (status.st_uid != 0) return "is not owned by root";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "is writable by group or others";
  return std::nullopt;
}

// The label of a file, without the NUL behind it; "" if there is none.
std::string SelinuxLabel(const NodeView& node, const std::string& path) {
  const Result<std::optional<UniqueFd>> file = node.OpenPath(path);
  if (!file || !*file) return {};
  char label[256];
  const std::string by_descriptor = NodeView::PathOf(**file);
  const ssize_t length = getxattr(by_descriptor.c_str(), "security.selinux", label, sizeof label);
  if (length <= 0) return {};
  return {label, strnlen(label, static_cast<std::size_t>(length))};
}

void CheckSelinux(const NodeView& node, Findings& findings) {
  if (KernelText(node, "/sys/fs/selinux/enforce") != "1") return;
  const std::string label = SelinuxLabel(node, kMountHelper);
  if (label.empty() || label.find(":mount_exec_t:") != std::string::npos) {
    findings.push_back(Note("selinux-enforcing", "SELinux is enforcing",
                            "its policy may refuse a mount; nothing here can tell beforehand",
                            "after a refused mount look for AVC messages (ausearch -m avc)"));
    return;
  }
  findings.push_back(
      Warning("selinux-label", StrCat(kMountHelper, " has the label ", Quote(label)),
              "SELinux is enforcing, and its policy lets programs of the type mount_exec_t mount",
              StrCat("restorecon -v ", kMountHelper)));
}

void CheckApparmor(const NodeView& node, const DoctorOptions& options, Findings& findings) {
  const ContainerdView containerd = FindContainerd(node, options);
  if (containerd.process) {
    const std::string profile = KernelText(node, containerd.process->PathOf("attr/current"));
    if (profile.ends_with("(enforce)")) {
      findings.push_back(Warning("containerd-confined",
                                 StrCat("AppArmor confines containerd: ", Quote(profile)),
                                 "the mount helper runs under this profile too",
                                 "let the profile allow mount of type overlay and fuse, and the "
                                 "programs mount.fuse, sh and nydus-overlayfs"));
    }
  }
  const std::string profiles = KernelText(node, "/sys/kernel/security/apparmor/profiles");
  if (profiles.find("fusermount3 (enforce)") != std::string::npos) {
    findings.push_back(Note("apparmor-fusermount", "AppArmor confines fusermount3",
                            "containerd unmounts FUSE mounts with it first, and by umount(2) only "
                            "then",
                            "allow containerd's directories in /etc/apparmor.d/local/fusermount3"));
  }
}

}  // namespace

Findings CheckPayloadPolicy(const NodeView& node, const DoctorOptions&) {
  const std::string name = kPayloadPolicyFile;
  const auto file = node.OpenPath(name, O_PATH | O_NOFOLLOW);
  if (!file) return {NotChecked(name, file.error().message, "run as root")};
  if (!*file) return {Good("payload-policy", "broken payloads stop a mount")};
  constexpr char kNoEffect[] = "it has no effect: a broken payload stops the mount all the same";
  if (const std::optional<std::string> fault = TrustedFileFault(**file)) {
    return {Warning("payload-policy-untrusted", StrCat(name, " ", *fault), kNoEffect,
                    "make it a regular file of root's that nobody else can write, or remove it")};
  }
  const auto text = node.Read(name, kMaxConfigurationBytes);
  if (!text) return {NotChecked(name, text.error().message, "run as root")};
  if (ParsePayloadPolicy(Trim(text->value_or(""))) == PayloadPolicy::kIgnore) {
    return {Warning("payload-policy-ignore", StrCat(name, " says ignore"),
                    "mounts with a broken payload are let through on this node",
                    "remove it when the node is rescued")};
  }
  return {Warning("payload-policy-void", StrCat(name, " does not say ignore"), kNoEffect,
                  "write the one word ignore to it, or remove it")};
}

Findings CheckConfigurationFile(const NodeView& node, const DoctorOptions&) {
  const std::string name = kConfigurationFile;
  const auto file = node.OpenPath(name, O_PATH | O_NOFOLLOW);
  if (!file) return {NotChecked(name, file.error().message, "run as root")};
  if (!*file) return {Good("configuration", "mode kata has its defaults")};
  constexpr char kStops[] = "mounts of mode kata and new sandboxes fail until it is mended";
  if (const std::optional<std::string> fault = TrustedFileFault(**file)) {
    return {Warning("configuration-untrusted", StrCat(name, " ", *fault), kStops,
                    "make it a regular file of root's that nobody else can write, or remove it")};
  }
  const auto text = node.Read(name, kMaxConfigurationBytes);
  if (!text) return {NotChecked(name, text.error().message, "run as root")};
  const Result<Configuration> configuration = ParseConfiguration(text->value_or(""));
  if (!configuration) {
    return {Warning("configuration-invalid", configuration.error().message, kStops,
                    "nydus-overlayfs-config(5) has its keys")};
  }
  return {Good("configuration", StrCat(name, " is good"))};
}

Findings CheckSecurityModules(const NodeView& node, const DoctorOptions& options) {
  Findings findings;
  CheckSelinux(node, findings);
  CheckApparmor(node, options, findings);
  if (findings.empty()) {
    findings.push_back(Good("security-modules", "no security module is known to be in the way"));
  }
  return findings;
}

}  // namespace nydus
