// SPDX-License-Identifier: Apache-2.0
#include "base/file_reading.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

UniqueFd Open(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

TEST(ReadAll, ReadsNothingFromAnEmptyFile) {
  const TempDir dir;
  EXPECT_EQ(ReadAll(Open(dir.Write("file", "")).get(), 0), "");
}

TEST(ReadAll, ReadsEveryByte) {
  const TempDir dir;
  std::string text(20'000, 'x');
  text[5] = '\0';
  text[10'000] = '\xFF';
  EXPECT_EQ(ReadAll(Open(dir.Write("file", text)).get(), 20'000), text);
}

TEST(ReadAll, StartsAtTheCurrentPosition) {
  const TempDir dir;
  const UniqueFd fd = Open(dir.Write("file", "read this"));
  ASSERT_TRUE(fd.ok());
  ASSERT_EQ(lseek(fd.get(), 5, SEEK_SET), 5);
  EXPECT_EQ(ReadAll(fd.get(), 4), "this");
}

TEST(ReadAll, ExactlyTheLimitIsReadAndOneMoreRefused) {
  const TempDir dir;
  for (const std::size_t limit : {0U, 1U, 4095U, 4096U, 4097U, 8192U}) {
    SCOPED_TRACE(limit);
    const std::string text(limit, 'x');
    EXPECT_EQ(ReadAll(Open(dir.Write("fits", text)).get(), limit), text);
    EXPECT_THAT(ReadAll(Open(dir.Write("too-long", text + "x")).get(), limit),
                HasError(ErrorKind::kSystem, "longer than " + std::to_string(limit) + " bytes"));
  }
}

TEST(ReadAll, CollectsWhatAPipeGivesInPieces) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const std::string piece(6'000, 'x');
  for (int i = 0; i < 4; ++i) ASSERT_EQ(write(writer.get(), piece.data(), piece.size()), 6'000);
  writer.reset();
  EXPECT_EQ(ReadAll(reader.get(), 24'000), std::string(24'000, 'x'));
}

TEST(ReadAll, AnEndlessFileEndsAtTheLimit) {
  EXPECT_THAT(ReadAll(Open("/dev/zero").get(), 10'000),
              HasError(ErrorKind::kSystem, "longer than 10000 bytes"));
}

TEST(ReadAll, GivesTheReasonOfAFailedRead) {
  const Result<std::string> result = ReadAll(-1, 10);
  ASSERT_THAT(result, HasError(ErrorKind::kSystem, "read: "));
  EXPECT_EQ(result.error().errno_value, EBADF);
}

// Trust begins with root's ownership, which only root can give to a new file.
class ReadTrustedFileAsRoot : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: the file must belong to root";
  }

  TempDir dir_;
};

TEST_F(ReadTrustedFileAsRoot, ReadsARegularFile) {
  const Result<std::optional<std::string>> text = ReadTrustedFile(dir_.Write("file", "a = b\n"));
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, "a = b\n");
}

TEST_F(ReadTrustedFileAsRoot, AnEmptyFileIsNotAnAbsentOne) {
  const Result<std::optional<std::string>> text = ReadTrustedFile(dir_.Write("file", ""));
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, "");
}

TEST_F(ReadTrustedFileAsRoot, RefusesWhatGroupOrOthersMayWrite) {
  const std::string path = dir_.Write("file", "text");
  for (const mode_t mode : {0664U, 0646U, 0666U, 0620U, 0602U}) {
    SCOPED_TRACE(mode);
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(ReadTrustedFile(path),
                HasError(ErrorKind::kUsage, path + ": is writable by group or others"));
  }
}

TEST_F(ReadTrustedFileAsRoot, AcceptsWhatOnlyRootMayWrite) {
  const std::string path = dir_.Write("file", "text");
  for (const mode_t mode : {0400U, 0600U, 0644U, 0755U}) {
    SCOPED_TRACE(mode);
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT(ReadTrustedFile(path), IsOk());
  }
}

TEST_F(ReadTrustedFileAsRoot, RefusesAnotherOwner) {
  const std::string path = dir_.Write("file", "text");
  if (chown(path.c_str(), 1, 0) != 0) GTEST_SKIP() << "this namespace has no second user";
  EXPECT_THAT(ReadTrustedFile(path), HasError(ErrorKind::kUsage, path + ": is not owned by root"));
}

TEST_F(ReadTrustedFileAsRoot, AcceptsAnotherGroupThatMayOnlyRead) {
  const std::string path = dir_.Write("file", "text");
  if (chown(path.c_str(), 0, 1) != 0) GTEST_SKIP() << "this namespace has no second group";
  EXPECT_THAT(ReadTrustedFile(path), IsOk());
}

TEST_F(ReadTrustedFileAsRoot, ReadsUpToTheLimitAndNoFurther) {
  const std::string text(kMaxConfigurationBytes, 'x');
  EXPECT_EQ(ReadTrustedFile(dir_.Write("fits", text)), text);
  const std::string path = dir_.Write("too-long", text + "x");
  EXPECT_THAT(ReadTrustedFile(path),
              HasError(ErrorKind::kSystem, path + ": longer than 65536 bytes"));
}

TEST(ReadTrustedFile, AnAbsentFileIsNoError) {
  const TempDir dir;
  const Result<std::optional<std::string>> text = ReadTrustedFile(dir.PathOf("absent"));
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, std::nullopt);
}

TEST(ReadTrustedFile, AnAbsentDirectoryIsNoError) {
  const TempDir dir;
  const Result<std::optional<std::string>> text = ReadTrustedFile(dir.PathOf("absent/file"));
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, std::nullopt);
}

TEST(ReadTrustedFile, AFileInPlaceOfTheDirectoryIsAnError) {
  const TempDir dir;
  const Result<std::optional<std::string>> text = ReadTrustedFile(dir.Write("file", "") + "/file");
  ASSERT_THAT(text, HasError(ErrorKind::kSystem, dir.path()));
  EXPECT_EQ(text.error().errno_value, ENOTDIR);
}

TEST(ReadTrustedFile, DoesNotFollowALinkAtTheEnd) {
  const TempDir dir;
  const std::string link = dir.PathOf("link");
  ASSERT_EQ(symlink(dir.Write("file", "text").c_str(), link.c_str()), 0);
  const Result<std::optional<std::string>> text = ReadTrustedFile(link);
  EXPECT_THAT(text, HasError(ErrorKind::kUsage, link + ": is a symbolic link"));
}

TEST(ReadTrustedFile, ADanglingLinkIsAnErrorToo) {
  const TempDir dir;
  const std::string link = dir.PathOf("link");
  ASSERT_EQ(symlink("nowhere", link.c_str()), 0);
  EXPECT_THAT(ReadTrustedFile(link), HasError(ErrorKind::kUsage, link + ": is a symbolic link"));
}

TEST(ReadTrustedFile, AFifoDoesNotHang) {
  const TempDir dir;
  const std::string path = dir.PathOf("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  alarm(10);
  EXPECT_THAT(ReadTrustedFile(path), HasError(ErrorKind::kUsage, path + ": is not a regular file"));
  alarm(0);
}

TEST(ReadTrustedFile, RefusesADirectory) {
  const TempDir dir;
  EXPECT_THAT(ReadTrustedFile(dir.path()),
              HasError(ErrorKind::kUsage, dir.path() + ": is not a regular file"));
}

TEST(ReadTrustedFile, RefusesADevice) {
  EXPECT_THAT(ReadTrustedFile("/dev/null"),
              HasError(ErrorKind::kUsage, "/dev/null: is not a regular file"));
}

TEST(ReadTrustedFile, RefusesTheFileOfAnOrdinaryUser) {
  if (geteuid() == 0) GTEST_SKIP() << "needs an ordinary user";
  const TempDir dir;
  EXPECT_THAT(ReadTrustedFile(dir.Write("file", "text")),
              HasError(ErrorKind::kUsage, "is not owned by root"));
}

TEST(ReadTrustedFile, MessagesEscapeThePath) {
  const TempDir dir;
  const std::string path = dir.PathOf("bad\nname");
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  EXPECT_THAT(ReadTrustedFile(path), HasError(ErrorKind::kUsage, "bad\\x0aname: "));
}

}  // namespace
}  // namespace nydus
