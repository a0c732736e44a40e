// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/input_text.h"
#include "ctl/json_output.h"
#include "ctl/terminal.h"
#include "ctl/text_output.h"
#include "ctl/verbs.h"
#include "ctl/verity_options_line.h"
#include "ctl/verity_output.h"
#include "snapshot/payload/dm_verity.h"
#include "snapshot/payload/json_text.h"
#include "snapshot/payload/verity_label.h"

namespace nydus {

namespace {

enum class VerityTextForm { kJson, kOptionsLine, kLabel };

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

VerityTextForm FormOf(std::string_view text) {
  if (text.starts_with('{')) return VerityTextForm::kJson;
  if (text.starts_with(kVerityOptionsPrefix) || text.starts_with('-')) {
    return VerityTextForm::kOptionsLine;
  }
  return VerityTextForm::kLabel;
}

std::string_view NameOf(VerityTextForm form) {
  switch (form) {
    case VerityTextForm::kJson: return "JSON";
    case VerityTextForm::kOptionsLine: return "options line";
    case VerityTextForm::kLabel: return "label";
  }
  std::unreachable();
}

Result<DmVerity> Parse(std::string_view text, VerityTextForm form) {
  switch (form) {
    case VerityTextForm::kJson: return ParseDmVerity(text);
    case VerityTextForm::kOptionsLine: return ParseVerityOptionsLine(text);
    case VerityTextForm::kLabel: {
      Result<DmVerity> verity = ParseVerityLabel(text);
      // A label does not say so, but nothing else writes them (nydus-image export --verity).
      if (verity) verity->no_superblock = true;
      return verity;
    }
  }
  std::unreachable();
}

std::string ParsedText(const DmVerity& verity) {
  const Result<> activation = ValidateDmVerityForActivation(verity);
  const Result<std::string> label = FormatVerityLabel(verity);
  TextOutput text(WantsColour());
  text.Table({
      {{"root hash"}, {verity.root_hash}},
      {{"algorithm"}, {Escape(verity.hash_algorithm)}},
      {{"data"}, {StrCat(verity.data_blocks, " blocks of ", verity.data_block_size, " bytes")}},
      {{"hash area"},
       {StrCat("at ", verity.hash_offset, ", blocks of ", verity.hash_block_size, " bytes")}},
      {{"salt"}, {verity.salt ? Escape(*verity.salt) : "none"}},
      {{"hash type"}, {StrCat(verity.hash_type)}},
      {{"superblock"}, {verity.no_superblock ? "none" : "not ruled out"}},
      {{"device-mapper"},
       activation ? Cell{"takes it", Tone::kGood} : Cell{activation.error().message, Tone::kBad}},
      {{"label"}, {label ? *label : StrCat("none: ", label.error().message)}},
      {{"JSON"}, {FormatDmVerity(verity)}},
      {{"veritysetup"}, {FormatVerityOptions(verity)}},
  });
  return text.text();
}

std::string ParsedJson(const DmVerity& verity, VerityTextForm form) {
  const Result<> activation = ValidateDmVerityForActivation(verity);
  const Result<std::string> label = FormatVerityLabel(verity);
  return FormatJson({
      {"version", kVeritySchemaVersion},
      {"form", NameOf(form)},
      {"root_hash", verity.root_hash},
      {"hash_algorithm", verity.hash_algorithm},
      {"data_blocks", verity.data_blocks},
      {"data_block_size", verity.data_block_size},
      {"hash_block_size", verity.hash_block_size},
      {"hash_offset", verity.hash_offset},
      {"salt", verity.salt.value_or("")},
      {"hash_type", verity.hash_type},
      {"no_superblock", verity.no_superblock},
      {"refused_by_device_mapper",
       activation ? nlohmann::ordered_json() : nlohmann::ordered_json(activation.error().message)},
      {"label", label ? nlohmann::ordered_json(*label) : nlohmann::ordered_json()},
      {"options", FormatVerityOptions(verity)},
  });
}

Result<VerbOutcome> RunParse(const Operands& operands) {
  const Result<std::string> path = FileOperand(operands);
  if (!path) return Failure(path.error());
  const Result<std::string> input = ReadInput(*path, kMaxPayloadBytes);
  if (!input) return Failure(input.error());
  const std::string_view text = Trimmed(*input);
  const VerityTextForm form = FormOf(text);
  Result<DmVerity> verity = Parse(text, form);
  if (!verity) return Failure(Wrap(std::move(verity.error()), NameOf(form)));
  return VerbOutcome{.output = FLAGS_json ? ParsedJson(*verity, form) : ParsedText(*verity)};
}

}  // namespace

Verb VerityParseVerb() {
  static constexpr std::array<std::string_view, 2> kFlags = {"json", "color"};
  return {
      .name = "verity parse",
      .operands = "[FILE]",
      .summary = "read what a payload or label says of a hash tree",
      .description =
          "Reads dm-verity information from FILE or standard input: the JSON of a payload's\n"
          "dm_verity, a label BLOCKS,OFFSET,sha256:HEX of nydus-snapshotter, or the line\n"
          "\"dm-verity options: ...\" of nydus-image. Says what it means, whether device-mapper "
          "would\n"
          "take it, and how the other forms put it; verity verify takes the flags of the last.\n",
      .flags = kFlags,
      .run = RunParse,
  };
}

}  // namespace nydus
