// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_programs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "ctl/diagnose/doctor/containerd.h"
#include "ctl/diagnose/doctor/program.h"
#include "ctl/diagnose/doctor/snapshotter.h"

#ifndef NYDUS_TOOL_PATH
#error "the build defines NYDUS_TOOL_PATH, the absolute path of the installed nydus-overlayctl"
#endif

namespace nydus {

namespace {

constexpr char kMountProgramsHelper[] = "mount.fuse.nydus-overlayfs";
constexpr char kPackagedHelper[] = "/usr/sbin/nydus-overlayfs";

std::string ThePath(const ContainerdView& containerd) {
  return StrCat("the PATH ", containerd.search_path_owner);
}

// What is wrong with single files of a search, whichever is used.
void AddFaults(const std::vector<Program>& programs, Findings& findings) {
  for (const Program& program : programs) {
    if (!program.IsUsable()) {
      findings.push_back(Warning(
          "program-unusable", StrCat(Quote(program.path), " ", DescribeFault(program.fault)),
          "it is passed over, and what comes behind it on PATH runs", "repair it or remove it"));
    } else if (!program.only_root_writes) {
      findings.push_back(Warning("program-writable",
                                 StrCat(Quote(program.path), " can be written by others than root"),
                                 "root executes it for every container",
                                 StrCat("chown root:root and chmod go-w ", Quote(program.path))));
    }
  }
}

const Program* FirstUsable(const std::vector<Program>& programs) {
  const auto found = std::ranges::find_if(programs, &Program::IsUsable);
  return found == programs.end() ? nullptr : &*found;
}

void AddGuessedPath(const ContainerdView& containerd, Findings& findings) {
  if (!containerd.search_path_is_guess) return;
  findings.push_back(NotChecked(
      StrCat("the PATH of containerd (process ", containerd.process->id, ")"),
      "its environment may not be read; the PATH of its service is taken instead", "run as root"));
}

bool IsNydusProgram(const Program& program) {
  return program.identity.maker == ProgramMaker::kGo &&
         program.identity.description.find("nydus") != std::string::npos;
}

std::string NameOf(const Program& program) {
  if (program.identity.description.empty()) return Quote(program.path);
  return StrCat(Quote(program.path), ", ", program.identity.description);
}

constexpr char kGoHelperFails[] =
    "the Go helper mounts with nosuid and nodev, fails for volatile and single layers, and cannot "
    "take long lists of layers";

Finding JudgeForeignHelper(const std::vector<Program>& programs, const Program& used) {
  const auto ours = std::ranges::find(
      programs, ProgramMaker::kOurs, [](const Program& program) { return program.identity.maker; });
  const bool is_go_helper = IsNydusProgram(used);
  if (ours != programs.end()) {
    return Bad("helper-shadowed", StrCat(NameOf(used), " hides ", Quote(ours->path)),
               is_go_helper ? kGoHelperFails : "containerd runs an unknown program in its place",
               StrCat("remove ", Quote(used.path),
                      is_go_helper ? ", and keep the snapshotter's deployment from bringing it back"
                                   : ""));
  }
  if (is_go_helper) {
    return Bad("helper-go", StrCat("containerd runs ", NameOf(used)), kGoHelperFails,
               "install the package nydus-overlayfs and remove the Go helper");
  }
  return Warning("helper-unknown", StrCat("containerd runs ", NameOf(used), ", an unknown program"),
                 "nothing is known about what it mounts",
                 "if it is not wanted, remove it and install the package nydus-overlayfs");
}

Finding JudgeUsedHelper(const std::vector<Program>& programs, const Program& used) {
  switch (used.identity.maker) {
    case ProgramMaker::kOurs: return Good("helper", StrCat("containerd runs ", NameOf(used)));
    case ProgramMaker::kUnknown:
      return NotChecked(StrCat("who made ", Quote(used.path)), "it cannot be read", "run as root");
    case ProgramMaker::kGo:
    case ProgramMaker::kOther: break;
  }
  return JudgeForeignHelper(programs, used);
}

std::vector<Program> FindHelpers(const NodeView& node, const ContainerdView& containerd,
                                 const std::string& helper) {
  if (helper.find('/') == std::string::npos) {
    return FindOnPath(node, containerd.search_path, helper);
  }
  std::vector<Program> programs;
  if (std::optional<Program> program = LookAtProgram(node, helper)) {
    programs.push_back(std::move(*program));
  }
  return programs;
}

Finding MissingHelper(const NodeView& node, const ContainerdView& containerd,
                      const std::string& helper) {
  const bool is_path = helper.find('/') != std::string::npos;
  const std::string what =
      is_path ? StrCat(Quote(helper), ", the helper of the snapshotter's configuration, is missing")
              : StrCat("no usable ", Quote(helper), " on ", ThePath(containerd));
  const bool is_elsewhere = !is_path && node.Exists(kPackagedHelper);
  return Bad("helper-missing", what, "mount.fuse executes it for every container",
             is_elsewhere
                 ? StrCat("add /usr/sbin to the PATH of containerd: ", kPackagedHelper, " is there")
                 : "install the package nydus-overlayfs");
}

std::string ToolBesideHelper(const NodeView& node) {
  const std::string helper = node.Resolve(kPackagedHelper);
  return StrCat(helper.substr(0, helper.rfind('/') + 1), "nydus-overlayctl");
}

bool IsTrusted(const UniqueFd& file) {
  struct stat status = {};
  return fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

Findings CheckMountFuse(const NodeView& node, const DoctorOptions& options) {
  const ContainerdView containerd = FindContainerd(node, options);
  Findings findings;
  AddGuessedPath(containerd, findings);
  const std::vector<Program> programs = FindOnPath(node, containerd.search_path, "mount.fuse");
  AddFaults(programs, findings);
  if (const Program* used = FirstUsable(programs)) {
    findings.push_back(Good("mount-fuse", StrCat("containerd runs ", Quote(used->path))));
  } else {
    const std::vector<Program> newer = FindOnPath(node, containerd.search_path, "mount.fuse3");
    const Program* link = FirstUsable(newer);
    findings.push_back(
        Bad("mount-fuse-missing", StrCat("no usable mount.fuse on ", ThePath(containerd)),
            "containerd gives mounts of the type fuse.nydus-overlayfs to mount.fuse alone",
            link != nullptr
                ? StrCat("make a link mount.fuse beside ", Quote(link->path), ", or install fuse")
                : "install the package fuse3 (Debian) or fuse (Fedora)"));
  }
  const std::optional<Program> shell = LookAtProgram(node, "/bin/sh");
  if (!shell || !shell->IsUsable()) {
    findings.push_back(Bad("shell-missing", "/bin/sh cannot be run",
                           "mount.fuse starts the mount helper through it", "install a shell"));
  }
  return findings;
}

Findings CheckHelper(const NodeView& node, const DoctorOptions& options) {
  const ContainerdView containerd = FindContainerd(node, options);
  const SnapshotterView snapshotter = FindSnapshotter(node, options);
  const std::string& helper = snapshotter.settings.helper;
  Findings findings;
  const std::vector<Program> programs = FindHelpers(node, containerd, helper);
  AddFaults(programs, findings);
  const Program* used = FirstUsable(programs);
  if (used == nullptr) {
    findings.push_back(MissingHelper(node, containerd, helper));
    return findings;
  }
  findings.push_back(JudgeUsedHelper(programs, *used));
  if (snapshotter.settings.enable_overlayfs_volatile && IsNydusProgram(*used)) {
    findings.push_back(
        Bad("volatile-go-helper",
            StrCat("enable_overlayfs_volatile is set and containerd runs ", Quote(used->path)),
            "the Go helper's mount for a moment leaves a mark in the work directory that makes the "
            "container's mount fail",
            "let this project's helper be the first on PATH, or set enable_overlayfs_volatile to "
            "false"));
  }
  return findings;
}

Findings CheckMountProgramsHelper(const NodeView& node, const DoctorOptions&) {
  // util-linux: the search path that libmount is built with.
  for (const std::string_view directory : {"/sbin", "/sbin/fs.d", "/sbin/fs"}) {
    const std::optional<Program> program =
        LookAtProgram(node, StrCat(directory, "/", kMountProgramsHelper));
    if (!program) continue;
    Findings findings;
    AddFaults({*program}, findings);
    if (!program->IsUsable()) return findings;
    if (program->identity.maker == ProgramMaker::kOurs) {
      findings.push_back(Good("mount8-helper", StrCat("mount(8) runs ", NameOf(*program))));
    } else if (program->identity.maker != ProgramMaker::kUnknown) {
      findings.push_back(Warning(
          "mount8-helper-foreign", StrCat("mount(8) runs ", NameOf(*program)),
          "it is not the mount helper of this project", "install the package nydus-overlayfs"));
    }
    return findings;
  }
  return {Warning("mount8-helper-missing", StrCat("no /sbin/", kMountProgramsHelper),
                  "mount(8), fstab and systemd then go through mount.fuse, which drops the "
                  "switches -f, -n, -s and -N",
                  "install the package nydus-overlayfs")};
}

Findings CheckTool(const NodeView& node, const DoctorOptions&) {
  constexpr char kNeeded[] = "mounts of the modes kata and image fail; others need no tool";
  for (const std::string& path : {std::string(NYDUS_TOOL_PATH), ToolBesideHelper(node)}) {
    // As the mount helper looks at it (mount_helper/tool_exec.cc): a link is not followed.
    const Result<std::optional<UniqueFd>> tool = node.OpenPath(path, O_PATH | O_NOFOLLOW);
    if (!tool) return {NotChecked(Quote(path), tool.error().message, "run as root")};
    if (!*tool) continue;
    if (IsTrusted(**tool)) return {Good("tool", StrCat("the mount helper finds ", Quote(path)))};
    return {Warning("tool-untrusted",
                    StrCat(Quote(path), " is not a regular file that only root can write"), kNeeded,
                    "install the package nydus-overlayctl anew")};
  }
  return {Warning("tool-missing", NYDUS_TOOL_PATH " is missing", kNeeded,
                  "install the package nydus-overlayctl")};
}

}  // namespace nydus
