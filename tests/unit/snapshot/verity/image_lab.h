// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "snapshot/verity/format.h"
#include "snapshot/verity/verify.h"
#include "tests/support/temp_dir.h"

namespace nydus {

// Images and their trees in a directory of their own.
class ImageLab {
 public:
  // Blocks of 4096 bytes, all different and the same every time.
  static std::string Data(std::uint64_t blocks);

  [[nodiscard]] std::string WriteImage(const std::string& data) const {
    return dir_.Write("image", data);
  }
  [[nodiscard]] std::string PathOf(const std::string& name) const { return dir_.PathOf(name); }

  // The image with its tree behind it, without a superblock. Ends the test program on an error.
  [[nodiscard]] FormattedImage Format(std::uint64_t blocks, VerityParameters parameters) const;
  [[nodiscard]] Result<VerityVerdict> Verify(const FormattedImage& formatted) const;

  // The names of all files.
  [[nodiscard]] std::vector<std::string> Files() const;

 private:
  TempDir dir_;
};

std::string ReadFile(const std::string& path);
void FlipBit(const std::string& path, std::uint64_t offset);

// Blocks of 4096 bytes of data in small hash blocks: 300 of them make four levels.
VerityParameters SmallTree();

}  // namespace nydus
