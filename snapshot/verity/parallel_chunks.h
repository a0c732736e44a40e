// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "base/error.h"

namespace nydus {

// The most threads that work at once, the caller's among them. Each holds some 100 KiB.
inline constexpr unsigned kMaxWorkers = 64;

// What a chunk ends with: nothing, or the number of the item that was looked for.
using ChunkResult = Result<std::optional<std::uint64_t>>;

// A worker's own part: does the chunk of this number.
using ChunkWork = std::function<ChunkResult(std::uint64_t chunk)>;

// Does the chunks from 0 to `count` - 1 on all processors that the process may use. `make_work` is
// called once for each thread, in the caller's. Chunks begin in their order, and none begins after
// one that failed or found something, or after a request to stop. So the answer is that of the
// first chunk that has any, every time.
ChunkResult RunInParallel(std::uint64_t count, const std::function<Result<ChunkWork>()>& make_work,
                          const std::stop_token& stop);

}  // namespace nydus
