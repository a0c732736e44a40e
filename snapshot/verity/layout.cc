// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/layout.h"

#include <bit>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "snapshot/verity/superblock.h"

namespace nydus {

namespace {

Failure Bad(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

Failure TooLarge(std::string_view area) {
  return Bad(StrCat(area, ": its end is above 2^63 - 1"));
}

std::uint64_t DivideRoundingUp(std::uint64_t number, std::uint64_t divisor) {
  return (number / divisor) + (number % divisor != 0 ? 1 : 0);
}

// begin + blocks * block_size; false if that is no file offset.
bool AreaEnd(std::uint64_t begin, std::uint64_t blocks, std::uint32_t block_size,
             std::uint64_t& end) {
  std::uint64_t size = 0;
  return !__builtin_mul_overflow(blocks, block_size, &size) &&
         !__builtin_add_overflow(begin, size, &end) && end <= kMaxFileOffset;
}

Result<std::uint64_t> TreeBegin(const VerityParameters& parameters) {
  const std::uint64_t offset = parameters.hash_offset;
  if (offset > kMaxFileOffset - kSuperblockBytes - parameters.hash_block_size) {
    return TooLarge("hash offset");
  }
  if (!parameters.uuid) {
    if (offset % parameters.hash_block_size == 0) return offset;
    return Bad(StrCat("hash offset: ", offset, " is no multiple of the hash block size, ",
                      parameters.hash_block_size));
  }
  if (offset % kSectorBytes != 0) {
    return Bad(StrCat("hash offset: ", offset, " is no multiple of ", kSectorBytes));
  }
  return DivideRoundingUp(offset + kSuperblockBytes, parameters.hash_block_size) *
         parameters.hash_block_size;
}

}  // namespace

Result<VerityLayout> ComputeVerityLayout(const VerityParameters& parameters) {
  if (Result<> valid = ValidateTreeFormat(parameters); !valid) {
    return Failure(std::move(valid.error()));
  }
  if (parameters.data_blocks == 0) return Bad("data blocks: there are none");

  VerityLayout layout;
  if (!AreaEnd(0, parameters.data_blocks, parameters.data_block_size, layout.data_end)) {
    return TooLarge("data blocks");
  }
  const Result<std::uint64_t> tree_begin = TreeBegin(parameters);
  if (!tree_begin) return Failure(tree_begin.error());
  layout.tree_begin = *tree_begin;

  const auto digest_bytes = static_cast<std::uint32_t>(DigestBytes(parameters.algorithm));
  layout.slot_bytes = parameters.hash_type == 0 ? digest_bytes : std::bit_ceil(digest_bytes);
  layout.digests_per_block = std::bit_floor(parameters.hash_block_size / digest_bytes);

  for (std::uint64_t blocks = parameters.data_blocks; blocks > 1;) {
    blocks = DivideRoundingUp(blocks, layout.digests_per_block);
    layout.levels.push_back({.blocks = blocks});
  }
  layout.tree_end = layout.tree_begin;
  for (std::size_t i = layout.levels.size(); i-- > 0;) {
    HashLevel& level = layout.levels[i];
    level.offset = layout.tree_end;
    if (!AreaEnd(level.offset, level.blocks, parameters.hash_block_size, layout.tree_end)) {
      return TooLarge("hash tree");
    }
  }
  return layout;
}

Result<> CheckAreasApart(const VerityParameters& parameters, const VerityLayout& layout) {
  if (parameters.hash_offset >= layout.data_end) return {};
  // A tree in front of the data cannot be: data begins at the start of its file.
  return Bad(StrCat("hash offset: ", parameters.hash_offset, " lies in the data, which ends at ",
                    layout.data_end));
}

}  // namespace nydus
