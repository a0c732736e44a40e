// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/doctor.h"

#include <array>
#include <string_view>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/doctor_output.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"

DEFINE_string(containerd_config, "",
              "FILE: containerd's configuration; by default the running containerd's, else "
              "/etc/containerd/config.toml");
DEFINE_string(snapshotter_config, "",
              "FILE: nydus-snapshotter's configuration; by default the running snapshotter's, else "
              "/etc/nydus/config.toml");

namespace nydus {

namespace {

Result<> CheckFlag(std::string_view name, std::string_view path) {
  if (path.empty() || path.starts_with('/')) return {};
  return Fail(ErrorKind::kUsage, StrCat("--", name, ": ", Quote(path), " is no absolute path"));
}

Result<VerbOutcome> RunDoctor(const Operands& operands) {
  if (!operands.empty()) {
    return Fail(ErrorKind::kUsage, StrCat("doctor takes no operand such as ", Quote(operands[0])));
  }
  for (const auto& [name, path] : {std::pair("containerd_config", FLAGS_containerd_config),
                                   std::pair("snapshotter_config", FLAGS_snapshotter_config)}) {
    if (Result<> checked = CheckFlag(name, path); !checked) return Failure(checked.error());
  }
  const Result<NodeView> node = NodeView::Open("/");
  if (!node) return Failure(node.error());
  const Findings findings = Diagnose(DoctorChecks(), *node,
                                     {.containerd_configuration = FLAGS_containerd_config,
                                      .snapshotter_configuration = FLAGS_snapshotter_config});
  return VerbOutcome{
      .output = FLAGS_json ? DoctorJson(findings) : DoctorText(findings, WantsColour()),
      .status = HasErrors(findings) ? ExitStatus::kFindings : ExitStatus::kSuccess};
}

}  // namespace

Verb DoctorVerb() {
  static constexpr std::array<std::string_view, 4> kFlags = {"containerd_config",
                                                             "snapshotter_config", "json", "color"};
  return {
      .name = "doctor",
      .operands = "",
      .summary = "what on this node keeps Nydus mounts from working",
      .description =
          "Looks at everything between containerd and a mounted Nydus image: the programs on the\n"
          "PATH that containerd has, the kernel (by mounting an overlay in a namespace of its "
          "own),\n"
          "/dev/fuse, the configurations of containerd and nydus-snapshotter, and mounts that "
          "were\n"
          "left over. Each finding says what follows from it and what to do. Nothing on the node "
          "is\n"
          "changed and no program of it is executed. As an ordinary user some checks cannot be\n"
          "made; they are named. Warnings alone leave the exit status 0.\n",
      .flags = kFlags,
      .run = RunDoctor,
  };
}

}  // namespace nydus
