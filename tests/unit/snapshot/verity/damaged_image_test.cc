// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <gmock/gmock.h>

#include "image_lab.h"
#include "snapshot/verity/verify.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::HasSubstr;

// 300 data blocks; levels of 19, 2 and 1 hash blocks of 512 bytes.
class DamagedImage : public testing::Test {
 protected:
  [[nodiscard]] std::optional<BadBlock> FirstBad() const {
    const Result<VerityVerdict> verdict = lab_.Verify(formatted_);
    EXPECT_THAT(verdict, IsOk());
    return verdict ? verdict->bad : std::nullopt;
  }

  [[nodiscard]] std::uint64_t OffsetOf(const TreeBlock& block) const {
    if (block.level == 0) return block.index * 4096;
    return formatted_.layout.levels[block.level - 1].offset + block.index * 512;
  }

  ImageLab lab_;
  FormattedImage formatted_ = lab_.Format(300, SmallTree());
  std::string image_ = lab_.PathOf("image");
};

TEST_F(DamagedImage, NamesTheDataBlock) {
  for (const TreeBlock block : {TreeBlock{0, 0}, TreeBlock{0, 16}, TreeBlock{0, 299}}) {
    FlipBit(image_, OffsetOf(block) + 4095);
    EXPECT_EQ(FirstBad(), BadBlock{block}) << block.index;
    FlipBit(image_, OffsetOf(block) + 4095);
  }
}

TEST_F(DamagedImage, NamesTheHashBlockInEachLevel) {
  for (const TreeBlock block : {TreeBlock{1, 0}, TreeBlock{1, 15}, TreeBlock{1, 16},
                                TreeBlock{1, 18}, TreeBlock{2, 0}, TreeBlock{2, 1}}) {
    FlipBit(image_, OffsetOf(block));
    EXPECT_EQ(FirstBad(), BadBlock{block}) << block.level << ' ' << block.index;
    FlipBit(image_, OffsetOf(block));
  }
}

TEST_F(DamagedImage, NamesTheFirstInALevel) {
  FlipBit(image_, OffsetOf({0, 250}));
  FlipBit(image_, OffsetOf({0, 17}));
  FlipBit(image_, OffsetOf({0, 299}));
  EXPECT_EQ(FirstBad(), (BadBlock{{0, 17}}));
}

TEST_F(DamagedImage, NamesTheHigherLevelFirst) {
  FlipBit(image_, OffsetOf({0, 0}));
  FlipBit(image_, OffsetOf({1, 18}));
  EXPECT_EQ(FirstBad(), (BadBlock{{1, 18}}));
}

TEST_F(DamagedImage, SeesADamagedTop) {
  FlipBit(image_, OffsetOf({3, 0}));
  EXPECT_EQ(FirstBad(), (BadBlock{{3, 0}, TopMismatch::kTopBlock}));
  EXPECT_THAT(DescribeBadBlock(*FirstBad()), HasSubstr("hash block 0 of level 3 is bad"));
}

TEST_F(DamagedImage, TellsAWrongRootHash) {
  formatted_.root_hash[0] = static_cast<char>(formatted_.root_hash[0] ^ 1);
  EXPECT_EQ(FirstBad(), (BadBlock{{3, 0}, TopMismatch::kRootHash}));
  EXPECT_THAT(DescribeBadBlock(*FirstBad()), HasSubstr("another image's root hash"));
}

TEST_F(DamagedImage, TellsAWrongSalt) {
  formatted_.parameters.salt = "salt";
  EXPECT_EQ(FirstBad(), (BadBlock{{3, 0}, TopMismatch::kFormat}));
  EXPECT_THAT(DescribeBadBlock(*FirstBad()), HasSubstr("wrong salt"));
}

TEST_F(DamagedImage, OfOneBlockLeavesOpenWhatIsWrong) {
  formatted_ = lab_.Format(1, SmallTree());
  FlipBit(image_, 0);
  EXPECT_EQ(FirstBad(), (BadBlock{{0, 0}, TopMismatch::kUnknown}));
  EXPECT_THAT(DescribeBadBlock(*FirstBad()), HasSubstr("data block 0 does not have the root hash"));
}

TEST_F(DamagedImage, ThatWasCutOffNamesTheArea) {
  ASSERT_EQ(truncate(image_.c_str(), static_cast<off_t>(formatted_.layout.tree_end - 1)), 0);
  EXPECT_THAT(
      lab_.Verify(formatted_),
      HasError(ErrorKind::kUsage, "image: hash tree: ends at 1240064, the file at 1240063"));
  ASSERT_EQ(truncate(image_.c_str(), 300 * 4096), 0);
  EXPECT_THAT(lab_.Verify(formatted_),
              HasError(ErrorKind::kUsage, "image: hash offset: 1228800 is not inside the file"));
  ASSERT_EQ(truncate(image_.c_str(), 4096), 0);
  EXPECT_THAT(lab_.Verify(formatted_),
              HasError(ErrorKind::kUsage, "data blocks: 300 of 4096 bytes end at 1228800"));
}

TEST_F(DamagedImage, ThatShrinksWhileItIsReadNamesTheBlock) {
  const VerityPaths paths{.data = lab_.WriteImage(ImageLab::Data(300)),
                          .hashes = lab_.PathOf("hashes")};
  formatted_ = FormatImage(paths, SmallTree(), {}).value();
  bool shrunk = false;
  const VerityControl control{.progress = [&](auto...) {
    if (!shrunk) shrunk = truncate(image_.c_str(), 4096 * 5 + 100) == 0;
  }};
  EXPECT_THAT(VerifyImage(paths, formatted_.parameters, formatted_.root_hash, control),
              HasError(ErrorKind::kSystem,
                       "image: data block 5: cannot be read: the file has become shorter"));
  EXPECT_TRUE(shrunk);
}

TEST_F(DamagedImage, WithTheTreeInItsDataIsRefused) {
  formatted_.parameters.hash_offset = 4096;
  EXPECT_THAT(lab_.Verify(formatted_), HasError(ErrorKind::kUsage, "hash offset: 4096 lies in"));
}

TEST_F(DamagedImage, WithACountThatOverflowsIsRefused) {
  formatted_.parameters.data_blocks = UINT64_MAX / 4096 + 2;
  EXPECT_THAT(lab_.Verify(formatted_), HasError(ErrorKind::kUsage, "data blocks: its end"));
}

TEST_F(DamagedImage, WithAnOffsetBeyondTheFileIsRefused) {
  formatted_.parameters.hash_offset = std::uint64_t{1} << 40U;
  EXPECT_THAT(lab_.Verify(formatted_),
              HasError(ErrorKind::kUsage, "hash offset: 1099511627776 is not inside the file"));
}

TEST(ReadSuperblock, NamesWhatIsMissing) {
  const ImageLab lab;
  const std::string path = lab.WriteImage(std::string(1000, 'x'));
  EXPECT_THAT(ReadSuperblock(path, 0), HasError(ErrorKind::kUsage, "image: superblock: signature"));
  EXPECT_THAT(ReadSuperblock(path, 100), HasError(ErrorKind::kUsage, "100 is no multiple of 512"));
  EXPECT_THAT(
      ReadSuperblock(path, 512),
      HasError(ErrorKind::kUsage, "no superblock fits between 512 and the end of the file"));
  EXPECT_THAT(ReadSuperblock(path, std::uint64_t{1} << 60U),
              HasError(ErrorKind::kUsage, "no super"));
}

}  // namespace
}  // namespace nydus
