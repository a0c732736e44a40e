// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "base/text.h"
#include "ctl/nydusd_target.h"
#include "ctl/verbs.h"

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Takes back what `nydusd mount` did. The status is 3 if nothing is mounted there. A guest "
    "that\n"
    "has seen the mount point must not get another mount at the same one: it would see what it "
    "has\n"
    "cached.\n";

constexpr std::string_view kFlags[] = {"apisock", "sandbox", "rootless_dir", "timeout"};

Result<VerbOutcome> Run(const Operands& operands) {
  if (operands.size() != 1) return Fail(ErrorKind::kUsage, "nydusd umount wants one mount point");
  const Result<NydusdClient> nydusd = NydusdOfFlags();
  if (!nydusd) return Failure(nydusd.error());
  const Result<bool> was_mounted = nydusd->Umount(operands.front(), DeadlineOfFlags());
  if (!was_mounted) return Failure(ExplainNoDaemon(was_mounted.error()));
  if (*was_mounted) return VerbOutcome{};
  return VerbOutcome{.output = StrCat("nothing is mounted at ", Quote(operands.front()), "\n"),
                     .status = ExitStatus::kFindings};
}

}  // namespace

Verb NydusdUmountVerb() {
  return {.name = "nydusd umount",
          .operands = "MOUNT_POINT",
          .summary = "have a nydusd stop serving an image or a directory",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
