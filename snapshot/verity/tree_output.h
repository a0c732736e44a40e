// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

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
  // `path` may be missing. A regular file that exists is replaced at the end, with its mode and
  // owner kept, if it is empty or begins with a superblock: it could be anything else. With a hash
  // offset, what is in front stays and nothing may lie behind it yet.
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

  TreeOutput(BlockFile file, Undo undo);
  static Result<TreeOutput> BeginAny(const std::string& path, const VerityParameters& parameters,
                                     const VerityLayout& layout);
  static Result<TreeOutput> BeginNew(const std::string& path);
  static Result<TreeOutput> BeginReplacement(const std::string& path);
  // A file beside `target`, to be renamed to it; errors name `path`.
  static Result<TreeOutput> BeginTemporary(const std::string& path, const std::string& target,
                                           mode_t mode);
  static Result<TreeOutput> BeginBehind(BlockFile file, const VerityParameters& parameters);
  static Result<TreeOutput> BeginOnDevice(BlockFile file, const VerityParameters& parameters,
                                          const VerityLayout& layout);
  Result<> MoveIntoPlace();

  BlockFile file_;
  Undo undo_ = Undo::kNothing;
  std::string temporary_;  // the name of a new file until it is whole
  std::string target_;     // what it is renamed to then
};

}  // namespace nydus
