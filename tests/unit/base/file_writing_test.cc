// SPDX-License-Identifier: Apache-2.0
#include "base/file_writing.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/file_reading.h"
#include "base/unique_fd.h"

namespace nydus {
namespace {

// More than a pipe holds, so that a write takes a part.
TEST(WriteAll, WritesInAsManyPiecesAsItTakes) {
  int ends[2] = {};
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const std::string text(300'000, 'x');
  int result = -1;
  std::thread writer([&] {
    result = WriteAll(writing.get(), text);
    writing.reset();
  });
  const auto read = ReadAll(reading.get(), text.size());
  writer.join();
  EXPECT_EQ(result, 0);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, text);
}

TEST(WriteAll, OfNothingIsSuccess) {
  EXPECT_EQ(WriteAll(-1, ""), 0);
}

TEST(WriteAll, TellsWhyItFailed) {
  EXPECT_EQ(WriteAll(-1, "x"), EBADF);
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(WriteAll(full.get(), "x"), ENOSPC);
}

}  // namespace
}  // namespace nydus
