// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/level_hashing.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

// What a thread reads at a time: enough to make system calls cheap, little enough to be still in
// the processor's nearest caches when it is hashed.
constexpr std::uint64_t kReadBytes = std::uint64_t{128} * 1024;

// About what a thread hashes before it asks for more.
constexpr std::uint64_t kChunkBytes = std::uint64_t{512} * 1024;

// Hashes one chunk after the other. The chunks are the children of a whole number of parents.
class ChunkHasher {
 public:
  ChunkHasher(const BlockRun& children, const VerityParameters& parameters,
              const VerityLayout& layout, BlockHasher hasher, ParentTaker taker,
              ProgressMeter& meter)
      : children_(children),
        layout_(layout),
        parent_size_(parameters.hash_block_size),
        children_per_chunk_(ChildrenPerChunk(children, layout)),
        hasher_(std::move(hasher)),
        taker_(std::move(taker)),
        meter_(meter),
        blocks_(kReadBytes, '\0'),
        parents_(ParentsOf(children_per_chunk_) * parent_size_, '\0') {}

  static std::uint64_t ChildrenPerChunk(const BlockRun& children, const VerityLayout& layout) {
    const std::uint64_t bytes_per_parent =
        std::uint64_t{layout.digests_per_block} * children.block_size;
    return std::max<std::uint64_t>(1, kChunkBytes / bytes_per_parent) * layout.digests_per_block;
  }

  ChunkResult Do(std::uint64_t chunk) {
    const std::uint64_t first = chunk * children_per_chunk_;
    const std::uint64_t count = std::min(children_per_chunk_, children_.blocks - first);
    std::ranges::fill(parents_, '\0');
    const std::uint64_t blocks_per_read = kReadBytes / children_.block_size;
    for (std::uint64_t done = 0; done < count; done += blocks_per_read) {
      const std::uint64_t blocks = std::min(blocks_per_read, count - done);
      if (Result<> hashed = HashBlocks(first, done, blocks); !hashed) {
        return Failure(std::move(hashed.error()));
      }
    }
    meter_.Advance(count * children_.block_size);
    return taker_(first / layout_.digests_per_block,
                  std::string_view(parents_).substr(0, ParentsOf(count) * parent_size_));
  }

 private:
  [[nodiscard]] std::uint64_t ParentsOf(std::uint64_t children) const {
    return (children + layout_.digests_per_block - 1) / layout_.digests_per_block;
  }

  // Blocks of the chunk that begins with block `first`, from its block `from` on.
  Result<> HashBlocks(std::uint64_t first, std::uint64_t from, std::uint64_t count) {
    if (Result<> read = ReadBlocks(children_, first + from, count, blocks_.data()); !read) {
      return read;
    }
    const std::string_view bytes = blocks_;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string_view block = bytes.substr(i * children_.block_size, children_.block_size);
      if (!hasher_.Hash(block, SlotOf(from + i))) {
        return Fail(ErrorKind::kSystem, "OpenSSL cannot compute a digest");
      }
    }
    return {};
  }

  char* SlotOf(std::uint64_t child) {
    return &parents_[(child / layout_.digests_per_block * parent_size_) +
                     (child % layout_.digests_per_block * layout_.slot_bytes)];
  }

  const BlockRun children_;
  const VerityLayout& layout_;
  const std::uint64_t parent_size_;
  const std::uint64_t children_per_chunk_;
  BlockHasher hasher_;
  ParentTaker taker_;
  ProgressMeter& meter_;
  std::string blocks_;
  std::string parents_;
};

}  // namespace

void ProgressMeter::Advance(std::uint64_t bytes) {
  done_ += bytes;
  if (!control_.progress) return;
  // Whoever comes while another thread reports has its bytes reported with the next ones.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock) control_.progress(done_, total_);
}

std::string TreeBlockName(const TreeBlock& block) {
  if (block.level == 0) return StrCat("data block ", block.index);
  return StrCat("hash block ", block.index, " of level ", block.level);
}

BlockRun LevelRun(const VerityParameters& parameters, const VerityLayout& layout,
                  const BlockFile& data, const BlockFile& hashes, std::size_t level) {
  if (level == 0) {
    return {
        .file = &data, .block_size = parameters.data_block_size, .blocks = parameters.data_blocks};
  }
  const HashLevel& hash_level = layout.levels[level - 1];
  return {.file = &hashes,
          .offset = hash_level.offset,
          .block_size = parameters.hash_block_size,
          .blocks = hash_level.blocks,
          .level = level};
}

Result<> ReadBlocks(const BlockRun& run, std::uint64_t first, std::uint64_t count, char* buffer) {
  const auto read =
      run.file->Read(run.offset + (first * run.block_size), buffer, count * run.block_size);
  if (read) return {};
  const TreeBlock block{run.level, first + (read.error().read / run.block_size)};
  return Failure(
      Wrap(read.error().error, StrCat(Escape(run.file->path()), ": ", TreeBlockName(block))));
}

ChunkResult HashBlocks(const BlockRun& children, const VerityParameters& parameters,
                       const VerityLayout& layout, const std::function<ParentTaker()>& make_taker,
                       ProgressMeter& meter, const std::stop_token& stop) {
  const Result<BlockHasher> hasher = BlockHasher::Make(parameters);
  if (!hasher) return Failure(hasher.error());
  const auto make_work = [&]() -> Result<ChunkWork> {
    Result<BlockHasher> own = hasher->Copy();
    if (!own) return Failure(std::move(own.error()));
    auto chunks = std::make_shared<ChunkHasher>(children, parameters, layout, std::move(*own),
                                                make_taker(), meter);
    return [chunks](std::uint64_t chunk) { return chunks->Do(chunk); };
  };
  const std::uint64_t per_chunk = ChunkHasher::ChildrenPerChunk(children, layout);
  const std::uint64_t chunks = ((children.blocks - 1) / per_chunk) + 1;
  return RunInParallel(chunks, make_work, stop);
}

Result<std::string> HashOnlyBlock(const BlockRun& run, const VerityParameters& parameters) {
  Result<BlockHasher> hasher = BlockHasher::Make(parameters);
  if (!hasher) return Failure(std::move(hasher.error()));
  std::string block(run.block_size, '\0');
  if (Result<> read = ReadBlocks(run, 0, 1, block.data()); !read) {
    return Failure(std::move(read.error()));
  }
  std::string digest(DigestBytes(parameters.algorithm), '\0');
  if (!hasher->Hash(block, digest.data())) {
    return Fail(ErrorKind::kSystem, "OpenSSL cannot compute a digest");
  }
  return digest;
}

}  // namespace nydus
