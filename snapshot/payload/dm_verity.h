// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "snapshot/payload/json_reading.h"

namespace nydus {

// Block sizes in bytes, and the number of data blocks, that the common rule admits.
inline constexpr std::uint64_t kMinVerityBlockSize = 512;
inline constexpr std::uint64_t kMaxVerityBlockSize = std::uint64_t{512} * 1024;
inline constexpr std::uint64_t kMaxVerityBlocks = 0xFFFF'FFFF;

// The `dm_verity` block of a Kata volume: DmVerityInfo of nydus-snapshotter and of kata-types.
struct DmVerity {
  std::string hash_algorithm;         // "hashtype": sha256 or sha1, in any case
  std::string root_hash;              // "hash": hexadecimal
  std::uint64_t data_blocks = 0;      // "blocknum"
  std::uint64_t data_block_size = 0;  // "blocksize", bytes
  std::uint64_t hash_block_size = 0;  // "hashsize", bytes
  std::uint64_t hash_offset = 0;      // "offset", bytes from the start of the device
  std::optional<std::string> salt;    // hexadecimal; these three are known to kata-types alone
  std::uint64_t hash_type = 1;        // dm-verity's on-disk version, 0 or 1
  bool no_superblock = false;

  bool operator==(const DmVerity&) const = default;
};

// The JSON text of `verity`, byte for byte as Go writes it. The three fields that Go does not know
// stand behind, each only if it differs from its default: kata-types would assume the default, and
// Go passes over them.
std::string FormatDmVerity(const DmVerity& verity);

// Result<> with the offending field's name. Fields that only kata-types knows are taken where their
// type fits and passed over otherwise, because Go never looks at them.
Result<> ReadDmVerity(std::optional<DmVerity>& field, const JsonValue& value,
                      const JsonReading& reading);

// The JSON text of a block on its own, at most kMaxPayloadBytes, read in Go's dialect and valid in
// the sense of ValidateDmVerity(): ParseDmVerityInfo of nydus-snapshotter.
Result<DmVerity> ParseDmVerity(std::string_view json);

// The rule that nydus-snapshotter and Kata's Go runtime share. It admits block sizes that the
// kernel refuses.
Result<> ValidateDmVerity(const DmVerity& verity);

// What the kernel wants on top (drivers/md/dm-verity-target.c): block sizes that are powers of two,
// hash type 0 or 1, a salt of whole bytes.
Result<> ValidateDmVerityForActivation(const DmVerity& verity);

}  // namespace nydus
