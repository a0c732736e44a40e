// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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
#include "snapshot/verity/format.h"

namespace nydus {

namespace {

Result<std::optional<VerityUuid>> UuidOfFlags() {
  if (FLAGS_no_superblock) {
    if (FLAGS_uuid.empty()) return std::nullopt;
    return Fail(ErrorKind::kUsage, "--uuid and --no-superblock contradict each other");
  }
  if (FLAGS_uuid.empty()) {
    const Result<VerityUuid> made = MakeUuid();
    if (!made) return Failure(made.error());
    return *made;
  }
  const std::optional<VerityUuid> uuid = UuidOfText(FLAGS_uuid);
  if (!uuid) return Fail(ErrorKind::kUsage, StrCat("--uuid: ", Quote(FLAGS_uuid), " is no UUID"));
  return uuid;
}

std::string FormatText(const FormattedImage& image) {
  TextOutput text(WantsColour());
  auto rows = VerityRows(image.parameters, image.layout);
  rows.insert(rows.begin(), {{"root hash"}, {ToHex(image.root_hash), Tone::kHeading}});
  text.Table(rows);
  return text.text();
}

std::string FormatJsonText(const FormattedImage& image) {
  return FormatJson({{"version", kVeritySchemaVersion},
                     {"root_hash", ToHex(image.root_hash)},
                     {"verity", VerityJson(image.parameters, image.layout)}});
}

Result<VerbOutcome> RunFormat(const Operands& operands) {
  if (operands.empty() || operands.size() > 2) {
    return Fail(ErrorKind::kUsage, "verity format wants an image and at most a hash file");
  }
  const Result<VerityPaths> paths = PathsOfOperands(operands);
  if (!paths) return Failure(paths.error());
  Result<VerityParameters> parameters = ParametersOfFlags();
  if (!parameters) return Failure(std::move(parameters.error()));
  const Result<std::optional<VerityUuid>> uuid = UuidOfFlags();
  if (!uuid) return Failure(uuid.error());
  parameters->uuid = *uuid;

  // The root hash is lost if nobody gets it: not behind a file that took its place (`>&-`).
  if (fcntl(STDOUT_FILENO, F_GETFD) == -1) {
    return FailErrno(ErrorKind::kSystem, errno, "standard output, for the root hash");
  }

  WatchedWork work;
  const Result<FormattedImage> image = FormatImage(*paths, *parameters, work.Control());
  if (!image) return Failure(image.error());
  return VerbOutcome{.output = FLAGS_json ? FormatJsonText(*image) : FormatText(*image)};
}

}  // namespace

Verb VerityFormatVerb() {
  static constexpr std::array<std::string_view, 11> kFlags = {"format",
                                                              "hash",
                                                              "salt",
                                                              "data_block_size",
                                                              "hash_block_size",
                                                              "data_blocks",
                                                              "hash_offset",
                                                              "no_superblock",
                                                              "uuid",
                                                              "json",
                                                              "color"};
  return {
      .name = "verity format",
      .operands = "IMAGE [HASH_FILE]",
      .summary = "make the dm-verity hash tree of an image",
      .description =
          "Writes the hash tree of IMAGE and says its root hash. The tree goes behind the data,\n"
          "or into HASH_FILE. If that exists, it must be empty or begin with a verity\n"
          "superblock, and is replaced once the new one is whole. It is what veritysetup would\n"
          "write. The tree never goes into the data, nor over anything that lies behind it. A\n"
          "tree without a superblock that lies behind the data already counts as data unless\n"
          "--data-blocks is given. An error or a signal leaves the files as they were, and a\n"
          "device without a superblock. Only if the output cannot be written then, as on a full\n"
          "disk, the tree is made and its root hash lost.\n",
      .flags = kFlags,
      .run = RunFormat,
  };
}

}  // namespace nydus
