// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

// The digest of a block with its salt. For one thread at a time.
class BlockHasher {
 public:
  // Fails (kSystem) where OpenSSL does not offer the algorithm.
  static Result<BlockHasher> Make(const VerityParameters& parameters);

  BlockHasher(BlockHasher&&) noexcept;
  BlockHasher& operator=(BlockHasher&&) noexcept;
  ~BlockHasher();

  // Another one like this, without asking OpenSSL for the algorithm again.
  [[nodiscard]] Result<BlockHasher> Copy() const;

  // Writes the DigestBytes() of the algorithm to `digest`. False when OpenSSL fails (no memory).
  bool Hash(std::string_view block, char* digest);

 private:
  struct State;
  explicit BlockHasher(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace nydus
