// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/parallel_chunks.h"

#include <atomic>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

std::function<Result<ChunkWork>()> AllDo(const ChunkWork& work) {
  return [work]() -> Result<ChunkWork> { return work; };
}

TEST(ParallelChunks, DoesEachOnce) {
  std::vector<std::atomic<int>> done(1000);
  const ChunkResult result = RunInParallel(done.size(), AllDo([&](std::uint64_t chunk) {
                                             ++done[chunk];
                                             return ChunkResult();
                                           }),
                                           {});
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(*result, std::nullopt);
  for (const auto& count : done) EXPECT_EQ(count, 1);
}

TEST(ParallelChunks, DoesNothingOfNothing) {
  EXPECT_THAT(RunInParallel(0, AllDo([](std::uint64_t) -> ChunkResult {
                              return Fail(ErrorKind::kInternal, "called");
                            }),
                            {}),
              IsOk());
}

TEST(ParallelChunks, AnswersWithTheFirstThatHasAnAnswer) {
  for (int round = 0; round < 200; ++round) {
    const ChunkResult result = RunInParallel(500, AllDo([](std::uint64_t chunk) -> ChunkResult {
                                               if (chunk >= 101 && chunk % 2 == 0)
                                                 return Fail(ErrorKind::kSystem, "even");
                                               if (chunk >= 101) return chunk * 10;
                                               return std::nullopt;
                                             }),
                                             {});
    ASSERT_THAT(result, IsOk());
    ASSERT_EQ(*result, 1010U);
  }
}

TEST(ParallelChunks, BeginsNoneAfterAFailure) {
  std::atomic<int> begun = 0;
  const ChunkResult result = RunInParallel(1'000'000, AllDo([&](std::uint64_t) -> ChunkResult {
                                             ++begun;
                                             return Fail(ErrorKind::kSystem, "broken");
                                           }),
                                           {});
  EXPECT_THAT(result, HasError(ErrorKind::kSystem, "broken"));
  EXPECT_LE(begun, static_cast<int>(kMaxWorkers));
}

TEST(ParallelChunks, EndsOnRequest) {
  std::stop_source stop;
  std::atomic<int> begun = 0;
  const ChunkResult result = RunInParallel(1'000'000, AllDo([&](std::uint64_t) -> ChunkResult {
                                             ++begun;
                                             stop.request_stop();
                                             return std::nullopt;
                                           }),
                                           stop.get_token());
  EXPECT_THAT(result, HasError(ErrorKind::kSystem, "interrupted"));
  EXPECT_LE(begun, static_cast<int>(kMaxWorkers));
}

TEST(ParallelChunks, FailsWhenAWorkerCannotBeMade) {
  EXPECT_THAT(
      RunInParallel(3, []() -> Result<ChunkWork> { return Fail(ErrorKind::kSystem, "no worker"); },
                    {}),
      HasError(ErrorKind::kSystem, "no worker"));
}

}  // namespace
}  // namespace nydus
