// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

// The last byte of any area lies below this offset, the end of what off_t can say.
inline constexpr std::uint64_t kMaxFileOffset = 0x7FFF'FFFF'FFFF'FFFF;

// The hash blocks of one level, which lie in one piece.
struct HashLevel {
  std::uint64_t offset = 0;  // of its first block in the hash file, bytes
  std::uint64_t blocks = 0;

  bool operator==(const HashLevel&) const = default;
};

// Where everything lies; in bytes, from the start of the data file and of the hash file.
struct VerityLayout {
  std::uint64_t data_end = 0;
  std::uint64_t tree_begin = 0;  // behind the superblock, at a whole hash block
  std::uint64_t tree_end = 0;
  std::uint32_t slot_bytes = 0;         // from one digest of a hash block to the next
  std::uint32_t digests_per_block = 0;  // a power of two
  // levels[0] is level 1, the digests of the data blocks, and the last one is a single block; on
  // disk the last one comes first. Empty for one data block: its digest is the root hash.
  std::vector<HashLevel> levels;

  bool operator==(const VerityLayout&) const = default;
};

// Fails (kUsage) with the field that cannot be: what ValidateTreeFormat() refuses, no data blocks,
// an unaligned hash offset, an area whose end kMaxFileOffset cannot express.
Result<VerityLayout> ComputeVerityLayout(const VerityParameters& parameters);

// Whether the hash area lies in the data, if both are in one file.
Result<> CheckAreasApart(const VerityParameters& parameters, const VerityLayout& layout);

}  // namespace nydus
