// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/verify.h"

#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>

#include "image_lab.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void Append(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

TEST(VerifyImage, AcceptsWhatWasFormatted) {
  for (const std::uint64_t blocks : {1U, 2U, 15U, 16U, 17U, 256U, 257U, 300U}) {
    const ImageLab lab;
    const FormattedImage formatted = lab.Format(blocks, SmallTree());
    EXPECT_EQ(lab.Verify(formatted), VerityVerdict()) << blocks;
  }
}

TEST(VerifyImage, AcceptsATreeInAFileOfItsOwn) {
  const ImageLab lab;
  const VerityPaths paths{.data = lab.WriteImage(ImageLab::Data(300)),
                          .hashes = lab.PathOf("hashes")};
  const auto formatted = FormatImage(paths, {.uuid = VerityUuid{}}, {}).value();
  EXPECT_EQ(VerifyImage(paths, formatted.parameters, formatted.root_hash, {}), VerityVerdict());
}

TEST(VerifyImage, ReportsProgressUpToTheEnd) {
  const ImageLab lab;
  const FormattedImage formatted = lab.Format(300, {});
  std::uint64_t last = 0;
  const VerityControl control{.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 304 * 4096U);
    last = std::max(last, done);
  }};
  ASSERT_THAT(VerifyImage({.data = lab.PathOf("image")}, formatted.parameters, formatted.root_hash,
                          control),
              IsOk());
  EXPECT_GT(last, 0U);
}

TEST(VerifyImage, CanBeInterrupted) {
  const ImageLab lab;
  const FormattedImage formatted = lab.Format(300, {});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THAT(VerifyImage({.data = lab.PathOf("image")}, formatted.parameters, formatted.root_hash,
                          {.stop = stop.get_token()}),
              HasError(ErrorKind::kSystem, "interrupted"));
}

TEST(VerifyImage, WantsARootHashOfTheAlgorithmsLength) {
  const ImageLab lab;
  const FormattedImage formatted = lab.Format(3, {});
  EXPECT_THAT(VerifyImage({.data = lab.PathOf("image")}, formatted.parameters, "short", {}),
              HasError(ErrorKind::kUsage, "root hash: has 10 hexadecimal digits, sha256 has 64"));
}

// nydus-image writes such trees: it fills unused slots with the digest of an empty block.
TEST(VerifyImage, CallsStrayBytesOdd) {
  const ImageLab lab;
  FormattedImage formatted = lab.Format(3, {});
  FlipBit(lab.PathOf("image"), formatted.layout.tree_end - 1);
  // The digest of the changed top is the root hash of an image of that one block.
  const ImageLab top;
  const std::string top_block = top.WriteImage(ReadFile(lab.PathOf("image")).substr(3 * 4096));
  formatted.root_hash = FormatImage({.data = top_block}, {}, {}).value().root_hash;

  const auto verdict = lab.Verify(formatted);
  ASSERT_THAT(verdict, IsOk());
  EXPECT_EQ(*verdict, (VerityVerdict{.stray = StrayBytes{.blocks = 1, .first = {1, 0}}}));
  EXPECT_THAT(DescribeOddities(*verdict),
              ElementsAre(HasSubstr("in 1 hash blocks, first in hash block 0 of level 1")));
}

TEST(VerifyImage, CallsTrailingBytesOdd) {
  const ImageLab lab;
  const FormattedImage formatted = lab.Format(20, {});
  Append(lab.PathOf("image"), "trailing");
  const auto verdict = lab.Verify(formatted);
  ASSERT_THAT(verdict, IsOk());
  EXPECT_EQ(*verdict, (VerityVerdict{.trailing_bytes = 8}));
  EXPECT_THAT(DescribeOddities(*verdict), ElementsAre("8 bytes lie behind the tree"));
}

TEST(VerifyImage, CallsUncoveredDataOdd) {
  const ImageLab lab;
  const VerityPaths paths{.data = lab.WriteImage(ImageLab::Data(20)),
                          .hashes = lab.PathOf("hashes")};
  const auto formatted = FormatImage(paths, {.data_blocks = 19}, {}).value();
  const auto verdict = VerifyImage(paths, formatted.parameters, formatted.root_hash, {});
  ASSERT_THAT(verdict, IsOk());
  EXPECT_EQ(*verdict, (VerityVerdict{.uncovered_bytes = 4096}));
}

TEST(VerifyImage, CallsAGapInFrontOfTheTreeOddOnlyIfAlignmentDoesNotNeedIt) {
  for (const std::uint64_t offset : {8192U, 12288U}) {
    const ImageLab lab;
    const std::string image = lab.WriteImage(ImageLab::Data(3).substr(0, 9 * 512));
    const auto formatted =
        FormatImage({.data = image}, {.data_block_size = 512, .hash_offset = offset}, {}).value();
    const auto verdict = lab.Verify(formatted);
    ASSERT_THAT(verdict, IsOk());
    EXPECT_EQ(verdict->uncovered_bytes, offset == 8192 ? 0U : 12288U - 9 * 512);
  }
}

TEST(VerityVerdict, OfAnOrdinaryImageHasNothingOdd) {
  EXPECT_THAT(DescribeOddities(VerityVerdict()), IsEmpty());
}

}  // namespace
}  // namespace nydus
