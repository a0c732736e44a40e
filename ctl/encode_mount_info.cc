// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/verbs.h"
#include "ctl/volume_input.h"
#include "snapshot/payload/direct_volume.h"
#include "snapshot/payload/volume_conversion.h"
#include "snapshot/payload/volume_validation.h"

DEFINE_string(path_for, "", "PATH: the path at which the volume appears in the container's mounts");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Writes the text of a mountInfo.json (nydus-overlayfs-payload(5)), as Kata's Go runtime does,\n"
    "of a volume of type direct_block or of another mount-info, from FILE or standard input. It\n"
    "must be one that Kata's Rust runtime accepts. A line break is added at its end.\n"
    "With --path-for, writes instead where Kata looks for the mountInfo.json of a volume.\n";

constexpr std::string_view kFlags[] = {"from", "path_for"};

Result<VerbOutcome> WritePath() {
  const Result<std::string> path = MountInfoPath(FLAGS_path_for);
  if (!path) return Failure(Wrap(path.error(), "--path-for"));
  return VerbOutcome{.output = StrCat(kDirectVolumesDirectory, "/", *path, "\n")};
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (!FLAGS_path_for.empty()) return WritePath();
  const Result<KataVolume> volume = ReadVolumeInput(operands, JsonDialect::kGo);
  if (!volume) return Failure(volume.error());
  if (Result<> valid = ValidateForKataRust(*volume); !valid) {
    return Failure(std::move(valid.error()));
  }
  const Result<DirectVolume> direct = DirectVolumeOf(*volume);
  if (!direct) return Failure(direct.error());
  return VerbOutcome{.output = StrCat(FormatDirectVolume(*direct), "\n")};
}

}  // namespace

Verb EncodeMountInfoVerb() {
  return {.name = "encode mount-info",
          .operands = "[FILE]",
          .summary = "make a mountInfo.json for a direct volume",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
