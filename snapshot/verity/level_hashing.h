// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "snapshot/verity/block_file.h"
#include "snapshot/verity/block_hasher.h"
#include "snapshot/verity/layout.h"
#include "snapshot/verity/parallel_chunks.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

// How the work on an image is watched and ended.
struct VerityControl {
  // Told how many bytes of how many are hashed, now and then, from one thread at a time.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
  // A request ends the work with an error (kSystem), and nothing half-done is left.
  std::stop_token stop;
};

// Counts what all threads have hashed.
class ProgressMeter {
 public:
  ProgressMeter(const VerityControl& control, std::uint64_t total)
      : control_(control), total_(total) {}

  void Advance(std::uint64_t bytes);

 private:
  const VerityControl& control_;
  const std::uint64_t total_;
  std::atomic<std::uint64_t> done_ = 0;
  std::mutex mutex_;
};

// A block of the data (level 0) or of the tree (level 1 holds the digests of the data).
struct TreeBlock {
  std::size_t level = 0;
  std::uint64_t index = 0;  // within its level

  bool operator==(const TreeBlock&) const = default;
};

// "data block 7", "hash block 3 of level 2".
std::string TreeBlockName(const TreeBlock& block);

// The blocks of one level in their file.
struct BlockRun {
  const BlockFile* file = nullptr;
  std::uint64_t offset = 0;
  std::uint32_t block_size = 0;
  std::uint64_t blocks = 0;
  std::size_t level = 0;
};

BlockRun LevelRun(const VerityParameters& parameters, const VerityLayout& layout,
                  const BlockFile& data, const BlockFile& hashes, std::size_t level);

// Takes the hash blocks from number `first` on that belong above blocks of a level: their digests,
// everything else zero. Answers as a chunk does.
using ParentTaker = std::function<ChunkResult(std::uint64_t first, std::string_view parents)>;

// Hashes all blocks of `children`, on all processors. `make_taker` is called once for each thread.
ChunkResult HashBlocks(const BlockRun& children, const VerityParameters& parameters,
                       const VerityLayout& layout, const std::function<ParentTaker()>& make_taker,
                       ProgressMeter& meter, const std::stop_token& stop);

// The digest of a level's only block: of the last level, or of the data if there is no level.
Result<std::string> HashOnlyBlock(const BlockRun& run, const VerityParameters& parameters);

// `count` blocks from number `first` on; fails with the name of the first that cannot be read.
Result<> ReadBlocks(const BlockRun& run, std::uint64_t first, std::uint64_t count, char* buffer);

}  // namespace nydus
