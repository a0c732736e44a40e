// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/json_output.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"
#include "ctl/verity_flags.h"
#include "ctl/verity_output.h"
#include "snapshot/verity/image_files.h"

namespace nydus {

namespace {

std::string DumpText(const Superblock& superblock, const VerityLayout& layout) {
  TextOutput text(WantsColour());
  text.Table(VerityRows(superblock.parameters, layout));
  if (superblock.has_stray_bytes) {
    text.Line("odd: unused bytes of the superblock are not zero", Tone::kWarning);
  }
  return text.text();
}

std::string DumpJson(const Superblock& superblock, const VerityLayout& layout) {
  return FormatJson({{"version", kVeritySchemaVersion},
                     {"stray_bytes", superblock.has_stray_bytes},
                     {"verity", VerityJson(superblock.parameters, layout)}});
}

Result<VerbOutcome> RunDump(const Operands& operands) {
  if (operands.size() != 1) return Fail(ErrorKind::kUsage, "verity dump wants one file");
  const Result<Superblock> superblock = ReadSuperblock(operands[0], FLAGS_hash_offset);
  if (!superblock) return Failure(superblock.error());
  const Result<VerityLayout> layout = ComputeVerityLayout(superblock->parameters);
  if (!layout) return Failure(Wrap(layout.error(), StrCat(Escape(operands[0]), ": superblock")));
  return VerbOutcome{.output = FLAGS_json ? DumpJson(*superblock, *layout)
                                          : DumpText(*superblock, *layout)};
}

}  // namespace

Verb VerityDumpVerb() {
  static constexpr std::array<std::string_view, 3> kFlags = {"hash_offset", "json", "color"};
  return {
      .name = "verity dump",
      .operands = "FILE",
      .summary = "show the superblock of a hash tree",
      .description =
          "Shows what the superblock at --hash-offset in FILE says, and where the levels of the\n"
          "tree lie. Nothing is verified.\n",
      .flags = kFlags,
      .run = RunDump,
  };
}

}  // namespace nydus
