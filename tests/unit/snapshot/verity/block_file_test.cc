// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/block_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

TEST(BlockFile, KnowsItsSize) {
  const TempDir dir;
  const auto file = BlockFile::Open(dir.Write("file", "12345"), FileAccess::kRead);
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(file->size(), 5U);
  EXPECT_FALSE(file->is_block_device());
  EXPECT_EQ(fcntl(file->fd(), F_GETFD), FD_CLOEXEC);
}

TEST(BlockFile, IsFoundOutUnderAnotherName) {
  const TempDir dir;
  const std::string path = dir.Write("file", "12345");
  ASSERT_EQ(link(path.c_str(), dir.PathOf("other").c_str()), 0);
  const auto file = BlockFile::Open(path, FileAccess::kRead).value();
  EXPECT_TRUE(file.IsSameAs(BlockFile::Open(dir.PathOf("other"), FileAccess::kRead).value()));
  EXPECT_FALSE(
      file.IsSameAs(BlockFile::Open(dir.Write("copy", "12345"), FileAccess::kRead).value()));
}

TEST(BlockFile, IsNeitherDirectoryNorFifoNorCharacterDevice) {
  const TempDir dir;
  ASSERT_EQ(mkfifo(dir.PathOf("fifo").c_str(), 0600), 0);
  for (const std::string& path : {dir.path(), dir.PathOf("fifo"), std::string("/dev/null")}) {
    EXPECT_THAT(BlockFile::Open(path, FileAccess::kRead),
                HasError(ErrorKind::kUsage, path + ": is neither"));
  }
}

TEST(BlockFile, ThatIsMissingIsNamed) {
  EXPECT_THAT(BlockFile::Open("/nonexistent\n", FileAccess::kRead),
              HasError(ErrorKind::kSystem, "/nonexistent\\x0a: No such file"));
}

TEST(BlockFile, SaysHowFarItCouldBeRead) {
  const TempDir dir;
  const auto file = BlockFile::Open(dir.Write("file", "12345"), FileAccess::kRead).value();
  std::string buffer(10, '\0');
  const auto read = file.Read(2, buffer.data(), buffer.size());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().read, 3U);
  EXPECT_EQ(read.error().error.message, "cannot be read: the file has become shorter");
}

}  // namespace
}  // namespace nydus
