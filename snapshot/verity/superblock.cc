// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/superblock.h"

#include <algorithm>
#include <concepts>
#include <string>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

constexpr std::uint32_t kVersion = 1;

// Offsets of the fields.
constexpr std::size_t kSignatureAt = 0;
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kHashTypeAt = 12;
constexpr std::size_t kUuidAt = 16;
constexpr std::size_t kAlgorithmAt = 32;
constexpr std::size_t kAlgorithmBytes = 32;
constexpr std::size_t kDataBlockSizeAt = 64;
constexpr std::size_t kHashBlockSizeAt = 68;
constexpr std::size_t kDataBlocksAt = 72;
constexpr std::size_t kSaltSizeAt = 80;
constexpr std::size_t kPaddingAt = 82;
constexpr std::size_t kSaltAt = 88;

Failure Bad(std::string_view field, const std::string& why) {
  return Fail(ErrorKind::kUsage, StrCat("superblock: ", field, ": ", why));
}

template <std::unsigned_integral T>
T ReadLittleEndian(std::string_view bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[offset + i]);
  }
  return static_cast<T>(value);
}

template <std::unsigned_integral T>
void WriteLittleEndian(char* at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    at[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFFU);
  }
}

bool IsZero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == 0; });
}

}  // namespace

Result<Superblock> ParseSuperblock(std::string_view bytes, std::uint64_t hash_offset) {
  if (bytes.size() != kSuperblockBytes) {
    return Fail(ErrorKind::kUsage,
                StrCat("superblock: has ", bytes.size(), " bytes, not ", kSuperblockBytes));
  }
  if (bytes.substr(kSignatureAt, kSuperblockSignature.size()) != kSuperblockSignature) {
    return Fail(ErrorKind::kUsage,
                StrCat("superblock: signature: there is none at offset ", hash_offset),
                "a tree without a superblock needs its parameters given");
  }
  const auto version = ReadLittleEndian<std::uint32_t>(bytes, kVersionAt);
  if (version != kVersion) return Bad("version", StrCat(version, " is not ", kVersion));

  const std::string_view algorithm_field = bytes.substr(kAlgorithmAt, kAlgorithmBytes);
  const std::string_view name = algorithm_field.substr(0, algorithm_field.find('\0'));
  const std::optional<HashAlgorithm> algorithm = HashAlgorithmOfName(name);
  if (!algorithm) return Bad("algorithm", StrCat(Quote(name), " is not sha1, sha256 or sha512"));

  const auto salt_bytes = ReadLittleEndian<std::uint16_t>(bytes, kSaltSizeAt);
  if (salt_bytes > kMaxSaltBytes) {
    return Bad("salt size", StrCat(salt_bytes, " is above ", kMaxSaltBytes));
  }
  Superblock superblock;
  VerityParameters& parameters = superblock.parameters;
  parameters.hash_type = ReadLittleEndian<std::uint32_t>(bytes, kHashTypeAt);
  parameters.algorithm = *algorithm;
  parameters.salt = bytes.substr(kSaltAt, salt_bytes);
  parameters.data_block_size = ReadLittleEndian<std::uint32_t>(bytes, kDataBlockSizeAt);
  parameters.hash_block_size = ReadLittleEndian<std::uint32_t>(bytes, kHashBlockSizeAt);
  parameters.data_blocks = ReadLittleEndian<std::uint64_t>(bytes, kDataBlocksAt);
  parameters.hash_offset = hash_offset;
  std::ranges::transform(bytes.substr(kUuidAt, std::tuple_size_v<VerityUuid>),
                         parameters.uuid.emplace().begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  superblock.has_stray_bytes = !IsZero(algorithm_field.substr(name.size())) ||
                               !IsZero(bytes.substr(kPaddingAt, kSaltAt - kPaddingAt)) ||
                               !IsZero(bytes.substr(kSaltAt + salt_bytes));
  if (Result<> valid = ValidateTreeFormat(parameters); !valid) {
    return Failure(Wrap(std::move(valid.error()), "superblock"));
  }
  return superblock;
}

std::array<char, kSuperblockBytes> EncodeSuperblock(const VerityParameters& parameters) {
  std::array<char, kSuperblockBytes> bytes = {};
  const std::string_view name = HashAlgorithmName(parameters.algorithm);
  std::ranges::copy(kSuperblockSignature, bytes.begin() + kSignatureAt);
  WriteLittleEndian(&bytes[kVersionAt], kVersion);
  WriteLittleEndian(&bytes[kHashTypeAt], parameters.hash_type);
  std::ranges::transform(parameters.uuid.value_or(VerityUuid{}), bytes.begin() + kUuidAt,
                         [](std::uint8_t byte) { return static_cast<char>(byte); });
  std::ranges::copy(name, bytes.begin() + kAlgorithmAt);
  WriteLittleEndian(&bytes[kDataBlockSizeAt], parameters.data_block_size);
  WriteLittleEndian(&bytes[kHashBlockSizeAt], parameters.hash_block_size);
  WriteLittleEndian(&bytes[kDataBlocksAt], parameters.data_blocks);
  WriteLittleEndian(&bytes[kSaltSizeAt], static_cast<std::uint16_t>(parameters.salt.size()));
  std::ranges::copy(parameters.salt, bytes.begin() + kSaltAt);
  return bytes;
}

}  // namespace nydus
