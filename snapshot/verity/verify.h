// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "snapshot/verity/image_files.h"
#include "snapshot/verity/level_hashing.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

// Why the block at the top of the tree does not have the root hash, told by the digests in it.
enum class TopMismatch {
  kRootHash,  // all fit the blocks below: the root hash is another one, or unused bytes differ
  kTopBlock,  // some fit: the block is damaged
  kFormat,    // none fits: salt, algorithm, hash type or a block size is another one
  kUnknown,   // there is no tree, only one data block
};

struct BadBlock {
  TreeBlock block;
  std::optional<TopMismatch> top;  // for the block that the root hash is of

  bool operator==(const BadBlock&) const = default;
};

// Hash blocks that hold something else than zeros where no digest lies. veritysetup refuses them
// ("Spare area is not zeroed"), the kernel does not look; nydus-image writes them.
struct StrayBytes {
  std::uint64_t blocks = 0;
  TreeBlock first;

  bool operator==(const StrayBytes&) const = default;
};

struct VerityVerdict {
  // Nothing: the image is intact. The first one from the top of the tree to the data, and from
  // front to back in a level.
  std::optional<BadBlock> bad;
  // Oddities; each is harmless to device-mapper.
  std::optional<StrayBytes> stray;    // known only of an intact image
  std::uint64_t uncovered_bytes = 0;  // behind the data, that no digest covers
  std::uint64_t trailing_bytes = 0;   // behind the tree

  bool operator==(const VerityVerdict&) const = default;
};

// Checks every block against the root hash (raw bytes). The files must not be written meanwhile. A
// bad block is a verdict; an error says why there can be none: kUsage when the parameters do not
// fit the files, kSystem when a block cannot be read.
Result<VerityVerdict> VerifyImage(const VerityPaths& paths, const VerityParameters& parameters,
                                  const std::string& root_hash, const VerityControl& control);

// One line for people each.
std::string DescribeBadBlock(const BadBlock& bad);
std::vector<std::string> DescribeOddities(const VerityVerdict& verdict);

}  // namespace nydus
