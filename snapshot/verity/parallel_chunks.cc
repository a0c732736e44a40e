// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/parallel_chunks.h"

#include <system_error>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace nydus {

namespace {

// What the workers share.
class Chunks {
 public:
  Chunks(std::uint64_t count, const std::stop_token& stop) : count_(count), stop_(stop) {}

  void WorkOff(const ChunkWork& work) {
    while (!ended_ && !stop_.stop_requested()) {
      const std::uint64_t chunk = next_++;
      if (chunk >= count_) return;
      ChunkResult result = work(chunk);
      if (!result || *result) Record(chunk, std::move(result));
    }
  }

  // Once all workers have returned.
  ChunkResult Finish() {
    if (ended_) return std::move(answer_);
    if (stop_.stop_requested()) return Fail(ErrorKind::kSystem, "interrupted");
    return std::nullopt;
  }

 private:
  void Record(std::uint64_t chunk, ChunkResult result) {
    const std::lock_guard lock(mutex_);
    if (ended_ && answering_chunk_ < chunk) return;
    answering_chunk_ = chunk;
    answer_ = std::move(result);
    ended_ = true;
  }

  const std::uint64_t count_;
  const std::stop_token& stop_;
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<bool> ended_ = false;
  std::mutex mutex_;
  std::uint64_t answering_chunk_ = 0;
  ChunkResult answer_;
};

}  // namespace

ChunkResult RunInParallel(std::uint64_t count, const std::function<Result<ChunkWork>()>& make_work,
                          const std::stop_token& stop) {
  // 0 means that the number is not known.
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  const auto workers =
      std::min({count, std::uint64_t{kMaxWorkers}, static_cast<std::uint64_t>(processors)});
  std::vector<ChunkWork> works;
  for (std::uint64_t i = 0; i < workers; ++i) {
    Result<ChunkWork> work = make_work();
    if (!work) return Failure(std::move(work.error()));
    works.push_back(std::move(*work));
  }
  Chunks chunks(count, stop);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 1; i < workers; ++i) {
      try {
        threads.emplace_back([&chunks, &work = works[i]] { chunks.WorkOff(work); });
      } catch (const std::system_error&) {
        break;  // No more threads to be had: those that run do the work.
      }
    }
    if (!works.empty()) chunks.WorkOff(works.front());
  }
  return chunks.Finish();
}

}  // namespace nydus
