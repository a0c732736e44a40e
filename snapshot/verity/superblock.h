// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

// `struct verity_sb` of cryptsetup's lib/verity/verity.c, described in the kernel's
// Documentation/admin-guide/device-mapper/verity.rst: 512 bytes, little-endian.
inline constexpr std::size_t kSuperblockBytes = 512;

// A superblock may begin at any multiple of this many bytes.
inline constexpr std::uint64_t kSectorBytes = 512;

// What a superblock begins with.
inline constexpr std::string_view kSuperblockSignature("verity\0\0", 8);

struct Superblock {
  VerityParameters parameters;   // with uuid, and the hash_offset that was given
  bool has_stray_bytes = false;  // something other than zeros where nothing is defined
};

// Reads `bytes`, kSuperblockBytes of them that lay at `hash_offset`. No field is believed: one that
// this library cannot work with is an error (kUsage) with the field's name.
Result<Superblock> ParseSuperblock(std::string_view bytes, std::uint64_t hash_offset);

// The bytes that veritysetup writes. `parameters` are valid and have a uuid.
std::array<char, kSuperblockBytes> EncodeSuperblock(const VerityParameters& parameters);

}  // namespace nydus
