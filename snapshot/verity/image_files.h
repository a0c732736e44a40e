// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "snapshot/verity/block_file.h"
#include "snapshot/verity/layout.h"
#include "snapshot/verity/parameters.h"
#include "snapshot/verity/superblock.h"

namespace nydus {

// Where an image and its hash area are. Regular files or block devices.
struct VerityPaths {
  std::string data;
  std::string hashes;  // empty, or another name of the same file: behind the data
};

// An image with its hash area, open for reading.
class ImageFiles {
 public:
  static Result<ImageFiles> Open(const VerityPaths& paths);

  [[nodiscard]] const BlockFile& data() const { return data_; }
  [[nodiscard]] const BlockFile& hashes() const { return hashes_ ? *hashes_ : data_; }
  [[nodiscard]] bool are_one_file() const { return !hashes_; }

  // Whether both areas lie apart and inside their files. The error says which is cut off.
  [[nodiscard]] Result<> CheckAreas(const VerityParameters& parameters,
                                    const VerityLayout& layout) const;

 private:
  BlockFile data_;
  std::optional<BlockFile> hashes_;
};

// Whether the data lies inside its file.
Result<> CheckDataArea(const BlockFile& data, const VerityParameters& parameters,
                       const VerityLayout& layout);

// The superblock at `offset` of a file.
Result<Superblock> ReadSuperblock(const std::string& path, std::uint64_t offset);

}  // namespace nydus
