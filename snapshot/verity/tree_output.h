// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "snapshot/verity/block_file.h"
#include "snapshot/verity/layout.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

// The file that a hash area is written to. Unless Finish() succeeds, it is afterwards what it was
// before: a new file is gone, one that grew is cut. Only on a block device the area cannot be
// restored; there it stays without a superblock.
class TreeOutput {
 public:
  // `path` may be missing; a regular file that exists is replaced at the end, unless the hash
  // offset says that something is to stay in front: then the area is put behind it and nothing
  // may lie there yet.
  static Result<TreeOutput> Begin(const std::string& path, const VerityParameters& parameters,
                                  const VerityLayout& layout);

  TreeOutput(TreeOutput&& other) noexcept;
  TreeOutput& operator=(TreeOutput&&) = delete;
  ~TreeOutput();

  [[nodiscard]] const BlockFile& file() const { return file_; }

  // Writes the superblock, if there is to be one, and makes the file what it shall be.
  Result<> Finish(const VerityParameters& parameters);

 private:
  enum class Undo { kNothing, kRemove, kTruncate };

  TreeOutput(BlockFile file, Undo undo, std::string target);
  static Result<TreeOutput> BeginNew(const std::string& path);
  static Result<TreeOutput> BeginBehind(BlockFile file, const VerityParameters& parameters);
  static Result<TreeOutput> BeginOnDevice(BlockFile file, const VerityParameters& parameters,
                                          const VerityLayout& layout);

  BlockFile file_;
  Undo undo_ = Undo::kNothing;
  std::string target_;  // what a new file is renamed to
};

}  // namespace nydus
