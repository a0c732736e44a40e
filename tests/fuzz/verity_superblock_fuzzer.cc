// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include "snapshot/verity/layout.h"
#include "snapshot/verity/superblock.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

std::string Written(const VerityParameters& parameters) {
  const auto bytes = EncodeSuperblock(parameters);
  return {bytes.begin(), bytes.end()};
}

void CheckRoundTrip(const Superblock& superblock, std::string_view bytes) {
  const VerityParameters& parameters = superblock.parameters;
  const std::string written = Written(parameters);
  const Result<Superblock> again = ParseSuperblock(written, parameters.hash_offset);
  Demand(again && again->parameters == parameters, "a superblock is read as it was written");
  Demand(!again->has_stray_bytes, "nothing stray is written");
  Demand(superblock.has_stray_bytes == (written != bytes), "every byte is read or called stray");
}

void CheckLayout(const VerityParameters& parameters) {
  const Result<VerityLayout> layout = ComputeVerityLayout(parameters);
  if (!layout) return Demand(IsPrintable(layout.error().message), "an error is printable");
  Demand(layout->tree_begin >= parameters.hash_offset + kSuperblockBytes,
         "the tree begins behind the superblock");
  Demand(std::has_single_bit(layout->digests_per_block) && layout->digests_per_block > 1 &&
             layout->digests_per_block * DigestBytes(parameters.algorithm) <=
                 parameters.hash_block_size,
         "the digests of a block fit into it");
  std::uint64_t below = parameters.data_blocks;
  std::uint64_t end = layout->tree_end;
  for (const HashLevel& level : layout->levels) {
    Demand(level.blocks < below && (below - 1) / layout->digests_per_block == level.blocks - 1,
           "a level has room for the digests of the one below, and no more");
    Demand(level.offset + level.blocks * parameters.hash_block_size == end,
           "a level lies right before the one below it");
    below = level.blocks;
    end = level.offset;
  }
  Demand(below == 1 && end == layout->tree_begin, "the last level is one block, and comes first");
  Demand(layout->tree_end <= kMaxFileOffset && layout->data_end <= kMaxFileOffset,
         "every area can be addressed");
}

}  // namespace

// The bytes of a superblock and, behind them, those of the offset that it lay at. What is missing
// is zero.
void FuzzOne(std::string_view input) {
  std::string bytes(input.substr(0, kSuperblockBytes + sizeof(std::uint64_t)));
  bytes.resize(kSuperblockBytes + sizeof(std::uint64_t));
  std::uint64_t offset = 0;
  std::memcpy(&offset, &bytes[kSuperblockBytes], sizeof offset);
  bytes.resize(kSuperblockBytes);
  const Result<Superblock> superblock = ParseSuperblock(bytes, offset);
  if (!superblock) return Demand(IsPrintable(superblock.error().message), "an error is printable");
  CheckRoundTrip(*superblock, bytes);
  CheckLayout(superblock->parameters);
}

}  // namespace nydus
