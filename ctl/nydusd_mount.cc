// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/input_text.h"
#include "ctl/nydusd_target.h"
#include "ctl/sandbox_target.h"
#include "ctl/verbs.h"
#include "kata/sandbox_mount.h"
#include "mount_helper/diagnosis.h"
#include "snapshot/payload/json_text.h"

DEFINE_string(type, "rafs", "TYPE: rafs or passthrough_fs: an image or a directory");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Has nydusd serve an image or a directory at MOUNT_POINT, a path in nydusd's own tree. "
    "Success\n"
    "means that it is mounted: where nydusd's answer leaves doubt, its list of mounts is read. A\n"
    "mount point that is in use, or that contains or lies below another one, is refused. The\n"
    "configuration may hold credentials; it is never shown.\n";

constexpr std::string_view kFlags[] = {"apisock", "sandbox", "rootless_dir", "timeout",
                                       "source",  "type",    "config"};

Result<NydusdMount> MountOfFlags(const std::string& mount_point) {
  NydusdMount mount{.mount_point = mount_point, .type = FLAGS_type, .source = FLAGS_source};
  if (mount.source.empty()) return Fail(ErrorKind::kUsage, "--source is missing");
  if (FLAGS_config.empty()) {
    if (mount.type == "rafs") return Fail(ErrorKind::kUsage, "--config is missing");
    return mount;
  }
  Result<std::string> config = ReadInput(FLAGS_config, kMaxPayloadBytes);
  if (!config) return Failure(std::move(config.error()));
  mount.config = std::move(*config);
  return mount;
}

Result<> MountBySocket(const NydusdMount& mount) {
  Result<> done = NydusdClient(FLAGS_apisock).Mount(mount, DeadlineOfFlags());
  if (!done) return Failure(ExplainNoDaemon(std::move(done.error())));
  return {};
}

Result<> MountForSandbox(const NydusdMount& mount) {
  Result<> done = MountInSandbox(DirectoriesOfFlags(), FLAGS_sandbox, mount, DeadlineOfFlags());
  if (!done) return Failure(DiagnosePermission(std::move(done.error())));
  return {};
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (operands.size() != 1) return Fail(ErrorKind::kUsage, "nydusd mount wants one mount point");
  if (Result<> one = CheckOneNydusd(); !one) return Failure(std::move(one.error()));
  const Result<NydusdMount> mount = MountOfFlags(operands.front());
  if (!mount) return Failure(mount.error());
  Result<> done = FLAGS_sandbox.empty() ? MountBySocket(*mount) : MountForSandbox(*mount);
  if (!done) return Failure(std::move(done.error()));
  return VerbOutcome{};
}

}  // namespace

Verb NydusdMountVerb() {
  return {.name = "nydusd mount",
          .operands = "MOUNT_POINT",
          .summary = "have a nydusd serve an image or a directory",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
