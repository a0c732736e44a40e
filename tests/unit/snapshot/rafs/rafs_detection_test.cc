// SPDX-License-Identifier: Apache-2.0
#include "snapshot/rafs/rafs_detection.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/snapshot/rafs/images.h"

namespace nydus {
namespace {

RafsDetection Detect(std::string_view file) {
  const std::size_t tail = std::min(file.size(), kRafsTailBytes);
  return DetectRafs(file.substr(0, kRafsHeadBytes), file.substr(file.size() - tail));
}

template <typename T>
RafsDetection DetectChanged(std::string image, std::size_t offset, T value) {
  images::Put<T>(image, offset, value);
  return Detect(image);
}

TEST(RafsDetection, KnowsVersionFive) {
  EXPECT_EQ(Detect(images::RafsV5()), (RafsDetection{.kind = RafsKind::kRafsV5,
                                                     .chunk_size = 0x100000,
                                                     .compressor = "zstd",
                                                     .digester = "blake3",
                                                     .blobs = 1}));
}

TEST(RafsDetection, KnowsVersionSix) {
  EXPECT_EQ(Detect(images::RafsV6()), (RafsDetection{.kind = RafsKind::kRafsV6,
                                                     .block_size = 4096,
                                                     .chunk_size = 0x100000,
                                                     .compressor = "lz4_block",
                                                     .digester = "sha256",
                                                     .blobs = 2}));
}

TEST(RafsDetection, KnowsTarfs) {
  std::string image = images::RafsV6();
  images::Put<std::uint8_t>(image, 1036, 9);
  const RafsDetection detection = DetectChanged<std::uint64_t>(image, 1152, 0x209);
  EXPECT_TRUE(detection.tarfs);
  EXPECT_EQ(detection.block_size, 512U);
  EXPECT_EQ(detection.compressor, "none");
  EXPECT_EQ(detection.flaw, "");
}

TEST(RafsDetection, TellsPlainErofsFromVersionSix) {
  EXPECT_EQ(Detect(images::Erofs()), (RafsDetection{.kind = RafsKind::kErofs, .block_size = 4096}));
}

TEST(RafsDetection, KnowsBlobsByTheirLastTarHeader) {
  for (const std::string_view name : {"rafs.blob.toc", "image.boot"}) {
    const std::string blob = std::string(10000, 'x') + images::TarHeader(name);
    EXPECT_EQ(Detect(blob), (RafsDetection{.kind = RafsKind::kBlobWithTail, .tail = name}));
  }
}

TEST(RafsDetection, TrustsNoTarHeaderWithAWrongChecksum) {
  std::string blob = std::string(10000, 'x') + images::TarHeader("image.boot");
  blob.back() = 'x';
  EXPECT_EQ(Detect(blob).kind, RafsKind::kNotAnImage);
}

TEST(RafsDetection, TakesNoOtherTarHeaderForATail) {
  for (const std::string_view name : {"image.blob", "image.boot2", "image.boo", ""}) {
    const std::string blob = std::string(10000, 'x') + images::TarHeader(name);
    EXPECT_EQ(Detect(blob).kind, RafsKind::kNotAnImage) << name;
  }
}

TEST(RafsDetection, BelievesTheHeadBeforeTheTail) {
  const std::string image = images::RafsV6() + images::TarHeader("image.boot");
  EXPECT_EQ(Detect(image).kind, RafsKind::kRafsV6);
}

TEST(RafsDetection, SaysThatAFileIsTooShort) {
  for (const std::size_t length : {0U, 7U, 1024U, 1151U}) {
    const RafsDetection detection = Detect(images::RafsV6().substr(0, length));
    EXPECT_EQ(detection.kind, RafsKind::kNotAnImage) << length;
    EXPECT_EQ(detection.flaw, "it is too short for an image") << length;
  }
}

TEST(RafsDetection, SaysThatAFileBearsNoMark) {
  EXPECT_EQ(Detect(std::string(8192, 'x')).flaw, "it bears no mark of RAFS or EROFS");
}

TEST(RafsDetection, SaysWhereACutImageEnds) {
  EXPECT_EQ(Detect(images::RafsV5().substr(0, 79)).flaw, "it ends within its super block");
  EXPECT_EQ(Detect(images::RafsV6().substr(0, 1407)).flaw,
            "it ends within its extended super block");
}

TEST(RafsDetection, KnowsNoOtherVersionOfRafs) {
  const RafsDetection detection = DetectChanged<std::uint32_t>(images::RafsV5(), 4, 0x400);
  EXPECT_EQ(detection.kind, RafsKind::kNotAnImage);
  EXPECT_EQ(detection.flaw, "RAFS version 4 is neither 5 nor 6");
}

// Found by fuzzing. What EROFS has in its first kilobyte is free.
TEST(RafsDetection, LooksForErofsBehindAnUnknownVersionOfRafs) {
  std::string image = images::Erofs();
  images::Put<std::uint32_t>(image, 0, 0x52414653);
  EXPECT_EQ(DetectChanged<std::uint32_t>(image, 4, 0x400).kind, RafsKind::kErofs);
}

TEST(RafsDetection, NamesTheFieldThatNydusdRefuses) {
  const std::string v5 = images::RafsV5();
  const std::string v6 = images::RafsV6();
  EXPECT_EQ(DetectChanged<std::uint32_t>(v5, 8, 4096).flaw, "its super block has the wrong size");
  EXPECT_EQ(DetectChanged<std::uint64_t>(v5, 16, 0x4).flaw,
            "its flags name no compressor, or several");
  EXPECT_EQ(DetectChanged<std::uint32_t>(v6, 1028, 1).flaw,
            "it has a checksum, which RAFS does not use");
  EXPECT_EQ(DetectChanged<std::uint8_t>(v6, 1036, 13).flaw,
            "its block size is neither 512 nor 4096");
  EXPECT_EQ(DetectChanged<std::uint8_t>(v6, 1037, 1).flaw, "its super block is extended");
  EXPECT_EQ(DetectChanged<std::uint64_t>(v6, 1040, 0).flaw, "it has no inodes");
  EXPECT_EQ(DetectChanged<std::uint32_t>(v6, 1104, 0xD).flaw,
            "it uses features that RAFS does not have");
  EXPECT_EQ(DetectChanged<std::uint16_t>(v6, 1112, 12).flaw,
            "its device table is in the wrong place");
  EXPECT_EQ(DetectChanged<std::uint64_t>(v6, 1152, 0xB).flaw,
            "its flags name no compressor, or several");
  EXPECT_EQ(DetectChanged<std::uint64_t>(v6, 1152, 0x2).flaw,
            "its flags name no digest, or several");
}

TEST(RafsDetection, MakesNothingOfAnAbsurdBlockSize) {
  EXPECT_EQ(DetectChanged<std::uint8_t>(images::Erofs(), 1036, 200).block_size, 0U);
}

TEST(RafsDetection, ReadsAFileAndLeavesItsPosition) {
  const TempDir directory;
  const std::string path =
      directory.Write("blob", std::string(100000, 'x') + images::TarHeader("rafs.blob.toc"));
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(lseek(fd.get(), 7, SEEK_SET), 7);
  EXPECT_EQ(DetectRafs(fd.get())->kind, RafsKind::kBlobWithTail);
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), 7);
}

TEST(RafsDetection, ReadsAFileShorterThanATail) {
  const TempDir directory;
  const UniqueFd fd(open(directory.Write("short", "abc").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(DetectRafs(fd.get())->flaw, "it is too short for an image");
}

TEST(RafsDetection, RefusesWhatIsNoFile) {
  const UniqueFd directory(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_THAT(DetectRafs(directory.get()),
              HasError(ErrorKind::kUsage, "neither a regular file nor a block device"));
}

}  // namespace
}  // namespace nydus
