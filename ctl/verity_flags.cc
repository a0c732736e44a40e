// SPDX-License-Identifier: Apache-2.0
#include "ctl/verity_flags.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gflags/gflags.h>

#include "base/text.h"

DEFINE_uint32(format, 1, "TYPE: hash type, 1 or 0 (Chrome OS)");
DEFINE_string(hash, "sha256", "NAME: sha1, sha256 or sha512");
DEFINE_string(salt, "", "HEX: up to 256 bytes; empty or - for none");
DEFINE_uint32(data_block_size, 4096, "BYTES: a power of two from 512 to 4096");
DEFINE_uint32(hash_block_size, 4096, "BYTES: a power of two from 512 to 4096");
DEFINE_uint64(data_blocks, 0,
              "COUNT: how many data blocks the tree covers; to format, 0 for all of the image");
DEFINE_uint64(hash_offset, 0,
              "BYTES: where the hash area begins; to format in the image, 0 is behind the data");
DEFINE_bool(no_superblock, false, "there is no superblock in front of the hash tree");
DEFINE_string(uuid, "", "UUID: the superblock's; by default a random one");

namespace nydus {

namespace {

// A flag that a superblock answers too, and its value as the command line has it.
struct FormatFlag {
  const char* name;
  std::string (*value)(const VerityParameters& parameters);
};

using Parameters = const VerityParameters&;
constexpr FormatFlag kFormatFlags[] = {
    {"format", [](Parameters p) { return StrCat(p.hash_type); }},
    {"hash", [](Parameters p) { return std::string(HashAlgorithmName(p.algorithm)); }},
    {"salt", [](Parameters p) { return p.salt.empty() ? "-" : ToHex(p.salt); }},
    {"data_block_size", [](Parameters p) { return StrCat(p.data_block_size); }},
    {"hash_block_size", [](Parameters p) { return StrCat(p.hash_block_size); }},
    {"data_blocks", [](Parameters p) { return StrCat(p.data_blocks); }},
};

std::string FlagText(std::string_view name) {
  std::string flag = StrCat("--", name);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

}  // namespace

Result<VerityPaths> PathsOfOperands(std::span<const std::string> operands) {
  for (const std::string& operand : operands) {
    if (operand.empty()) return Fail(ErrorKind::kUsage, "the name of a file is empty");
  }
  return VerityPaths{.data = operands[0], .hashes = operands.size() == 2 ? operands[1] : ""};
}

Result<VerityParameters> ParametersOfFlags() {
  const std::optional<HashAlgorithm> algorithm = HashAlgorithmOfName(FLAGS_hash);
  if (!algorithm) {
    return Fail(ErrorKind::kUsage,
                StrCat("--hash: ", Quote(FLAGS_hash), " is not sha1, sha256 or sha512"));
  }
  const std::optional<std::string> salt = FLAGS_salt == "-" ? std::string() : FromHex(FLAGS_salt);
  if (!salt) {
    return Fail(ErrorKind::kUsage,
                StrCat("--salt: ", Quote(FLAGS_salt), " is no pairs of hexadecimal digits"));
  }
  return VerityParameters{.hash_type = FLAGS_format,
                          .algorithm = *algorithm,
                          .salt = *salt,
                          .data_block_size = FLAGS_data_block_size,
                          .hash_block_size = FLAGS_hash_block_size,
                          .data_blocks = FLAGS_data_blocks,
                          .hash_offset = FLAGS_hash_offset};
}

Result<> CheckFlagsAgreeWith(const VerityParameters& superblock) {
  const Result<VerityParameters> flags = ParametersOfFlags();
  if (!flags) return Failure(flags.error());
  for (const FormatFlag& flag : kFormatFlags) {
    if (gflags::GetCommandLineFlagInfoOrDie(flag.name).is_default) continue;
    const std::string given = flag.value(*flags);
    const std::string stored = flag.value(superblock);
    if (given == stored) continue;
    return Fail(ErrorKind::kUsage,
                StrCat(FlagText(flag.name), ": is ", given, ", the superblock says ", stored),
                "with --no-superblock the flags count alone");
  }
  return {};
}

}  // namespace nydus
