// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/verify.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

// An image that is being verified.
struct Image {
  const ImageFiles& files;
  const VerityParameters& parameters;
  const VerityLayout& layout;

  [[nodiscard]] BlockRun Run(std::size_t level) const {
    return LevelRun(parameters, layout, files.data(), files.hashes(), level);
  }
};

// Which digests of a run of hash blocks differ from the computed ones.
class ParentComparison {
 public:
  ParentComparison(const Image& image, std::uint64_t children, std::string_view computed,
                   std::string_view stored)
      : image_(image), children_(children), computed_(computed), stored_(stored) {}

  // The number of the first child whose digest differs.
  [[nodiscard]] std::optional<std::uint64_t> FirstDifferent() const {
    for (std::uint64_t child = 0; child < children_; ++child) {
      if (Digest(computed_, child) != Digest(stored_, child)) return child;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::uint64_t CountEqual() const {
    std::uint64_t equal = 0;
    for (std::uint64_t child = 0; child < children_; ++child) {
      equal += Digest(computed_, child) == Digest(stored_, child) ? 1U : 0U;
    }
    return equal;
  }

 private:
  [[nodiscard]] std::string_view Digest(std::string_view parents, std::uint64_t child) const {
    const std::uint64_t block = child / image_.layout.digests_per_block;
    const std::uint64_t slot = child % image_.layout.digests_per_block;
    return parents.substr(
        (block * image_.parameters.hash_block_size) + (slot * image_.layout.slot_bytes),
        DigestBytes(image_.parameters.algorithm));
  }

  const Image& image_;
  const std::uint64_t children_;
  const std::string_view computed_;
  const std::string_view stored_;
};

// Hash blocks with stray bytes, found by any thread.
class StrayCollection {
 public:
  void Add(const TreeBlock& block) {
    const std::lock_guard lock(mutex_);
    // The tree is searched level by level from the top, a level in any order.
    if (!stray_) stray_ = StrayBytes{.first = block};
    if (stray_->first.level == block.level) {
      stray_->first.index = std::min(stray_->first.index, block.index);
    }
    ++stray_->blocks;
  }

  [[nodiscard]] const std::optional<StrayBytes>& stray() const { return stray_; }

 private:
  std::mutex mutex_;
  std::optional<StrayBytes> stray_;
};

// Compares computed hash blocks of `parents` with those in the file.
ChunkResult CompareParents(const Image& image, const BlockRun& parents, std::uint64_t all_children,
                           std::uint64_t first, std::string_view computed, std::string& stored,
                           StrayCollection& strays) {
  const std::uint32_t block_size = image.parameters.hash_block_size;
  const std::uint64_t count = computed.size() / block_size;
  stored.resize(computed.size());
  if (Result<> read = ReadBlocks(parents, first, count, stored.data()); !read) {
    return Failure(std::move(read.error()));
  }
  if (stored == computed) return std::nullopt;

  const std::uint64_t first_child = first * image.layout.digests_per_block;
  const std::uint64_t children =
      std::min(all_children - first_child, count * image.layout.digests_per_block);
  const ParentComparison comparison(image, children, computed, stored);
  if (const auto different = comparison.FirstDifferent()) return first_child + *different;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t at = i * block_size;
    if (computed.substr(at, block_size) != std::string_view(stored).substr(at, block_size)) {
      strays.Add({parents.level, first + i});
    }
  }
  return std::nullopt;
}

// The first block of a level that does not have the digest in the level above.
ChunkResult FindBadBlock(const Image& image, std::size_t level, StrayCollection& strays,
                         ProgressMeter& meter, const std::stop_token& stop) {
  const BlockRun children = image.Run(level);
  const BlockRun parents = image.Run(level + 1);
  const auto make_taker = [&]() -> ParentTaker {
    auto stored = std::make_shared<std::string>();
    return [&, stored](std::uint64_t first, std::string_view computed) {
      return CompareParents(image, parents, children.blocks, first, computed, *stored, strays);
    };
  };
  return HashBlocks(children, image.parameters, image.layout, make_taker, meter, stop);
}

Result<TopMismatch> ExplainTopMismatch(const Image& image, const VerityControl& control) {
  const std::size_t top = image.layout.levels.size();
  if (top == 0) return TopMismatch::kUnknown;
  const BlockRun children = image.Run(top - 1);
  std::string stored(image.parameters.hash_block_size, '\0');
  if (Result<> read = ReadBlocks(image.Run(top), 0, 1, stored.data()); !read) {
    return Failure(std::move(read.error()));
  }
  std::uint64_t equal = 0;
  const auto make_taker = [&]() -> ParentTaker {
    return [&](std::uint64_t, std::string_view computed) -> ChunkResult {
      equal = ParentComparison(image, children.blocks, computed, stored).CountEqual();
      return std::nullopt;
    };
  };
  const VerityControl nobody_watches;
  ProgressMeter silent(nobody_watches, 0);
  const ChunkResult hashed =
      HashBlocks(children, image.parameters, image.layout, make_taker, silent, control.stop);
  if (!hashed) return Failure(hashed.error());
  if (equal == 0) return TopMismatch::kFormat;
  return equal == children.blocks ? TopMismatch::kRootHash : TopMismatch::kTopBlock;
}

// What lies behind the data and behind the tree. Up to the next hash block it is alignment.
void CountOutsideBytes(const Image& image, VerityVerdict& verdict) {
  const ImageFiles& files = image.files;
  const VerityLayout& layout = image.layout;
  const std::uint64_t data_limit =
      files.are_one_file() ? image.parameters.hash_offset : files.data().size();
  const std::uint64_t gap = data_limit - layout.data_end;
  if (!files.are_one_file() || gap >= image.parameters.hash_block_size) {
    verdict.uncovered_bytes = gap;
  }
  verdict.trailing_bytes = files.hashes().size() - std::min(layout.tree_end, files.hashes().size());
}

std::uint64_t BytesToHash(const VerityLayout& layout) {
  return layout.data_end + (layout.tree_end - layout.tree_begin);
}

Result<VerityVerdict> Judge(const Image& image, const std::string& root_hash,
                            const VerityControl& control) {
  VerityVerdict verdict;
  CountOutsideBytes(image, verdict);

  const std::size_t top = image.layout.levels.size();
  const Result<std::string> top_digest = HashOnlyBlock(image.Run(top), image.parameters);
  if (!top_digest) return Failure(top_digest.error());
  if (*top_digest != root_hash) {
    const Result<TopMismatch> reason = ExplainTopMismatch(image, control);
    if (!reason) return Failure(reason.error());
    verdict.bad = BadBlock{.block = {top, 0}, .top = *reason};
    return verdict;
  }

  ProgressMeter meter(control, BytesToHash(image.layout));
  meter.Advance(image.Run(top).block_size);
  StrayCollection strays;
  for (std::size_t level = top; level-- > 0;) {
    const ChunkResult bad = FindBadBlock(image, level, strays, meter, control.stop);
    if (!bad) return Failure(bad.error());
    if (*bad) {
      verdict.bad = BadBlock{.block = {level, **bad}};
      return verdict;
    }
  }
  verdict.stray = strays.stray();
  return verdict;
}

}  // namespace

Result<VerityVerdict> VerifyImage(const VerityPaths& paths, const VerityParameters& parameters,
                                  const std::string& root_hash, const VerityControl& control) {
  const Result<VerityLayout> layout = ComputeVerityLayout(parameters);
  if (!layout) return Failure(layout.error());
  const std::size_t digest_bytes = DigestBytes(parameters.algorithm);
  if (root_hash.size() != digest_bytes) {
    return Fail(ErrorKind::kUsage,
                StrCat("root hash: has ", root_hash.size() * 2, " hexadecimal digits, ",
                       HashAlgorithmName(parameters.algorithm), " has ", digest_bytes * 2));
  }
  const Result<ImageFiles> files = ImageFiles::Open(paths);
  if (!files) return Failure(files.error());
  if (Result<> inside = files->CheckAreas(parameters, *layout); !inside) {
    return Failure(std::move(inside.error()));
  }
  return Judge({*files, parameters, *layout}, root_hash, control);
}

std::string DescribeBadBlock(const BadBlock& bad) {
  const std::string name = TreeBlockName(bad.block);
  if (!bad.top) return StrCat(name, " is bad: its digest is not the one in the level above");
  switch (*bad.top) {
    case TopMismatch::kRootHash:
      return StrCat(name, " does not have the root hash, yet its digests fit the blocks below: ",
                    "this is another image's root hash, or unused bytes of the block were changed");
    case TopMismatch::kTopBlock:
      return StrCat(name, " is bad: it does not have the root hash, and some of its digests do ",
                    "not fit the blocks below");
    case TopMismatch::kFormat:
      return StrCat(name,
                    " does not have the root hash, and none of its digests fits: wrong salt, ",
                    "algorithm, hash type, block size or offset, or another image");
    case TopMismatch::kUnknown:
      return StrCat(name, " does not have the root hash: it is bad, or root hash or salt is wrong");
  }
  std::unreachable();
}

std::vector<std::string> DescribeOddities(const VerityVerdict& verdict) {
  std::vector<std::string> lines;
  if (verdict.stray) {
    lines.push_back(StrCat("unused bytes are not zero in ", verdict.stray->blocks,
                           " hash blocks, first in ", TreeBlockName(verdict.stray->first),
                           " (veritysetup refuses that)"));
  }
  if (verdict.uncovered_bytes != 0) {
    lines.push_back(
        StrCat(verdict.uncovered_bytes, " bytes behind the data are not covered by the tree"));
  }
  if (verdict.trailing_bytes != 0) {
    lines.push_back(StrCat(verdict.trailing_bytes, " bytes lie behind the tree"));
  }
  return lines;
}

}  // namespace nydus
