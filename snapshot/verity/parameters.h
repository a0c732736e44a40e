// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace nydus {

// Block sizes in bytes. The format itself goes further, but the kernel takes no data block above
// its page size (verity_ctr() in drivers/md/dm-verity-target.c), and 4096 is the page size that
// every machine can be counted on to have.
inline constexpr std::uint32_t kMinTreeBlockSize = 512;
inline constexpr std::uint32_t kMaxTreeBlockSize = 4096;

// The salt's room in the superblock, in bytes.
inline constexpr std::size_t kMaxSaltBytes = 256;

enum class HashAlgorithm { kSha1, kSha256, kSha512 };

// The kernel crypto API's name: "sha1", "sha256", "sha512".
std::string_view HashAlgorithmName(HashAlgorithm algorithm);
std::optional<HashAlgorithm> HashAlgorithmOfName(std::string_view name);
std::size_t DigestBytes(HashAlgorithm algorithm);

using VerityUuid = std::array<std::uint8_t, 16>;

// What a hash tree depends on, besides the data. Sizes and offsets are in bytes.
struct VerityParameters {
  // 1: the salt is hashed before the block, and digests lie in slots of a power of two;
  // 0: after it, and digests lie close together (Chrome OS).
  std::uint32_t hash_type = 1;
  HashAlgorithm algorithm = HashAlgorithm::kSha256;
  std::string salt;  // raw bytes
  std::uint32_t data_block_size = 4096;
  std::uint32_t hash_block_size = 4096;
  std::uint64_t data_blocks = 0;
  std::uint64_t hash_offset = 0;   // of the hash area in its file; the superblock lies here
  std::optional<VerityUuid> uuid;  // the superblock's; without one, there is no superblock

  bool operator==(const VerityParameters&) const = default;
};

// Hash type, salt and block sizes. Where the areas lie is checked by ComputeVerityLayout().
Result<> ValidateTreeFormat(const VerityParameters& parameters);

// Lower-case hexadecimal digits, and back; nothing if a character is no digit or one is missing.
std::string ToHex(std::string_view bytes);
std::optional<std::string> FromHex(std::string_view digits);

// RFC 9562's text form, 8-4-4-4-12 digits.
std::string UuidText(const VerityUuid& uuid);
std::optional<VerityUuid> UuidOfText(std::string_view text);
// Version 4: random.
Result<VerityUuid> MakeUuid();

}  // namespace nydus
