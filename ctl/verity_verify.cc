// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/json_output.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"
#include "ctl/verity_flags.h"
#include "ctl/verity_output.h"
#include "ctl/verity_work.h"
#include "snapshot/verity/verify.h"

namespace nydus {

namespace {

// What is to be verified, and how.
struct Subject {
  VerityPaths paths;
  std::string root_hash;
  VerityParameters parameters;
  bool superblock_has_stray_bytes = false;
};

Result<> FillInFromFlags(Subject& subject) {
  Result<VerityParameters> parameters = ParametersOfFlags();
  if (!parameters) return Failure(std::move(parameters.error()));
  if (parameters->data_blocks == 0) {
    return Fail(ErrorKind::kUsage, "--data-blocks is needed with --no-superblock");
  }
  subject.parameters = std::move(*parameters);
  return {};
}

Result<> FillInFromSuperblock(Subject& subject) {
  const VerityPaths& paths = subject.paths;
  if (paths.hashes.empty() && FLAGS_hash_offset == 0) {
    return Fail(ErrorKind::kUsage,
                "--hash-offset is needed: where in the image the superblock lies",
                "or --no-superblock and what the tree is like");
  }
  const Result<Superblock> superblock =
      ReadSuperblock(paths.hashes.empty() ? paths.data : paths.hashes, FLAGS_hash_offset);
  if (!superblock) return Failure(superblock.error());
  if (Result<> agreed = CheckFlagsAgreeWith(superblock->parameters); !agreed) return agreed;
  subject.parameters = superblock->parameters;
  subject.superblock_has_stray_bytes = superblock->has_stray_bytes;
  return {};
}

Result<Subject> ReadSubject(const Operands& operands) {
  if (operands.size() < 2 || operands.size() > 3) {
    return Fail(ErrorKind::kUsage, "verity verify wants an image, maybe a hash file, a root hash");
  }
  const std::optional<std::string> root_hash = FromHex(operands.back());
  if (!root_hash) {
    return Fail(ErrorKind::kUsage, StrCat("root hash: ", Quote(operands.back()),
                                          " is no pairs of hexadecimal digits"));
  }
  const Result<VerityPaths> paths = PathsOfOperands(std::span(operands).first(operands.size() - 1));
  if (!paths) return Failure(paths.error());
  Subject subject{.paths = *paths, .root_hash = *root_hash};
  const Result<> filled =
      FLAGS_no_superblock ? FillInFromFlags(subject) : FillInFromSuperblock(subject);
  if (!filled) return Failure(filled.error());
  return subject;
}

std::vector<std::string> Oddities(const Subject& subject, const VerityVerdict& verdict) {
  std::vector<std::string> oddities = DescribeOddities(verdict);
  if (subject.superblock_has_stray_bytes) {
    oddities.emplace_back("unused bytes of the superblock are not zero");
  }
  return oddities;
}

std::string VerdictText(const Subject& subject, const VerityVerdict& verdict,
                        const VerityLayout& layout) {
  TextOutput text(WantsColour());
  const std::string image = Escape(subject.paths.data);
  if (verdict.bad) {
    text.Line(StrCat(image, ": ", DescribeBadBlock(*verdict.bad)), Tone::kBad);
  } else {
    text.Line(StrCat(image, ": intact"), Tone::kGood);
    text.Table(VerityRows(subject.parameters, layout));
  }
  for (const std::string& oddity : Oddities(subject, verdict)) {
    text.Line(StrCat("odd: ", oddity), Tone::kWarning);
  }
  return text.text();
}

std::string VerdictJson(const Subject& subject, const VerityVerdict& verdict,
                        const VerityLayout& layout) {
  nlohmann::ordered_json bad;
  if (verdict.bad) {
    bad = {{"level", verdict.bad->block.level},
           {"block", verdict.bad->block.index},
           {"description", DescribeBadBlock(*verdict.bad)}};
  }
  return FormatJson({{"version", kVeritySchemaVersion},
                     {"intact", !verdict.bad.has_value()},
                     {"first_bad", bad},
                     {"oddities", Oddities(subject, verdict)},
                     {"verity", VerityJson(subject.parameters, layout)}});
}

Result<VerbOutcome> RunVerify(const Operands& operands) {
  const Result<Subject> subject = ReadSubject(operands);
  if (!subject) return Failure(subject.error());
  const Result<VerityLayout> layout = ComputeVerityLayout(subject->parameters);
  if (!layout) return Failure(layout.error());

  WatchedWork work;
  const Result<VerityVerdict> verdict =
      VerifyImage(subject->paths, subject->parameters, subject->root_hash, work.Control());
  if (!verdict) return Failure(verdict.error());
  return VerbOutcome{
      .output = FLAGS_json ? VerdictJson(*subject, *verdict, *layout)
                           : VerdictText(*subject, *verdict, *layout),
      .status = verdict->bad ? ExitStatus::kFindings : ExitStatus::kSuccess,
  };
}

}  // namespace

Verb VerityVerifyVerb() {
  static constexpr std::array<std::string_view, 10> kFlags = {"no_superblock",
                                                              "hash_offset",
                                                              "data_blocks",
                                                              "data_block_size",
                                                              "hash_block_size",
                                                              "hash",
                                                              "salt",
                                                              "format",
                                                              "json",
                                                              "color"};
  return {
      .name = "verity verify",
      .operands = "IMAGE [HASH_FILE] ROOT_HASH",
      .summary = "check every block of an image against its root hash",
      .description =
          "Reads all of IMAGE and of the hash tree behind its data or in HASH_FILE, as dm-verity\n"
          "would, and names the first bad block: from the top of the tree down to the data, which "
          "is\n"
          "level 0. What the tree is like says its superblock at --hash-offset, or with\n"
          "--no-superblock the flags, which bear veritysetup's names. What the kernel does not "
          "care\n"
          "about is called odd: unused bytes that are not zero, data that no digest covers, bytes\n"
          "behind the tree. Needs neither root nor device-mapper.\n",
      .flags = kFlags,
      .run = RunVerify,
  };
}

}  // namespace nydus
