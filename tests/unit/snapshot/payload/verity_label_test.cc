// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/verity_label.h"

#include <string>

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr const char* kHash = "9de18652fe74edfb9b805aaed72ae2aa48f94333f1ba5c452ac33b1c39325174";

// What `nydus-image export --verity` said of a real disk: its hash tree starts at the next multiple
// of 4096 behind the data.
DmVerity RealDisk() {
  return {.hash_algorithm = "sha256",
          .root_hash = kHash,
          .data_blocks = 2361,
          .data_block_size = 512,
          .hash_block_size = 4096,
          .hash_offset = 1212416};
}

TEST(VerityLabel, HoldsBlocksOffsetAndRootHash) {
  EXPECT_EQ(ParseVerityLabel(StrCat("2361,1212416,sha256:", kHash)), RealDisk());
}

TEST(VerityLabel, IsWrittenAsItIsRead) {
  const Result<std::string> label = FormatVerityLabel(RealDisk());
  ASSERT_THAT(label, IsOk());
  EXPECT_EQ(*label, StrCat("2361,1212416,sha256:", kHash));
}

struct Case {
  const char* name;
  std::string label;
};

class LaxVerityLabel : public testing::TestWithParam<Case> {};

// All of these are read by Go's fmt.Sscanf("%d,%d,sha256:%s").
TEST_P(LaxVerityLabel, IsReadAsTheSnapshotterReadsIt) {
  EXPECT_EQ(ParseVerityLabel(GetParam().label), RealDisk());
}

INSTANTIATE_TEST_SUITE_P(
    Go, LaxVerityLabel,
    testing::Values(Case{"BlankInFront", StrCat(" \t2361,1212416,sha256:", kHash)},
                    Case{"BlankBeforeTheOffset", StrCat("2361, 1212416,sha256:", kHash)},
                    Case{"BlankBeforeTheHash", StrCat("2361,1212416,sha256: ", kHash)},
                    Case{"NoBreakSpace", StrCat("2361,\u00A01212416,sha256:\u3000", kHash)},
                    Case{"CarriageReturnInFront", StrCat("\r2361,1212416,sha256:", kHash)},
                    Case{"LeadingZeros", StrCat("0002361,01212416,sha256:", kHash)},
                    Case{"TextBehindABlank", StrCat("2361,1212416,sha256:", kHash, " and more")},
                    Case{"LineFeedBehind", StrCat("2361,1212416,sha256:", kHash, "\n")},
                    Case{"LineSeparatorBehind", StrCat("2361,1212416,sha256:", kHash, "\u2028x")}),
    NameOfCase());

class BrokenVerityLabel : public testing::TestWithParam<Case> {};

TEST_P(BrokenVerityLabel, IsRefused) {
  EXPECT_THAT(ParseVerityLabel(GetParam().label),
              HasError(ErrorKind::kUsage, "is not BLOCKS,OFFSET,sha256:HEX"));
}

INSTANTIATE_TEST_SUITE_P(
    Go, BrokenVerityLabel,
    testing::Values(Case{"Empty", ""}, Case{"BlankOnly", " "}, Case{"NumberOnly", "2361"},
                    Case{"NoHash", "2361,1212416"},
                    Case{"PlusSign", StrCat("+2361,1212416,sha256:", kHash)},
                    Case{"MinusSign", StrCat("-1,1212416,sha256:", kHash)},
                    Case{"Underscore", StrCat("2_361,1212416,sha256:", kHash)},
                    Case{"Hexadecimal", StrCat("0x939,1212416,sha256:", kHash)},
                    Case{"Fraction", StrCat("2361.0,1212416,sha256:", kHash)},
                    Case{"BlankBehindTheBlocks", StrCat("2361 ,1212416,sha256:", kHash)},
                    Case{"BlankBehindTheOffset", StrCat("2361,1212416 ,sha256:", kHash)},
                    Case{"BlankBeforeTheAlgorithm", StrCat("2361,1212416, sha256:", kHash)},
                    Case{"LineFeedInFront", StrCat("\n2361,1212416,sha256:", kHash)},
                    Case{"CarriageReturnAndLineFeed", StrCat("2361,\r\n1212416,sha256:", kHash)},
                    Case{"OtherAlgorithm", StrCat("2361,1212416,sha1:", kHash)},
                    Case{"AlgorithmInUpperCase", StrCat("2361,1212416,SHA256:", kHash)},
                    Case{"BlocksBeyond64Bits", StrCat("18446744073709551616,0,sha256:", kHash)},
                    Case{"FullWidthDigit", StrCat("\uFF12,1212416,sha256:", kHash)}),
    NameOfCase());

TEST(VerityLabel, TheCommonRuleJudgesWhatWasRead) {
  EXPECT_THAT(ParseVerityLabel(StrCat("0,1212416,sha256:", kHash)),
              HasError(ErrorKind::kUsage, "blocknum: is not from 1"));
  EXPECT_THAT(ParseVerityLabel(StrCat("2361,1212417,sha256:", kHash)),
              HasError(ErrorKind::kUsage, "offset: is not a multiple of hashsize"));
  EXPECT_THAT(ParseVerityLabel(StrCat("2361,1208320,sha256:", kHash)),
              HasError(ErrorKind::kUsage, "offset: lies inside the data"));
  EXPECT_THAT(ParseVerityLabel(StrCat("2361,1212416,sha256:", kHash, ",more")),
              HasError(ErrorKind::kUsage, "hash: is not 64 hexadecimal digits"));
  EXPECT_THAT(ParseVerityLabel("2361,1212416,sha256:"),
              HasError(ErrorKind::kUsage, "hash: is not 64 hexadecimal digits"));
}

struct Unsayable {
  const char* name;
  void (*change)(DmVerity& verity);
  const char* message;
};

class UnsayableVerity : public testing::TestWithParam<Unsayable> {};

TEST_P(UnsayableVerity, HasNoLabel) {
  DmVerity verity = RealDisk();
  GetParam().change(verity);
  EXPECT_THAT(FormatVerityLabel(verity), HasError(ErrorKind::kUsage, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Label, UnsayableVerity,
    testing::Values(
        Unsayable{"OtherAlgorithm", [](DmVerity& verity) { verity.hash_algorithm = "sha1"; },
                  "hashtype: a label can only say sha256"},
        Unsayable{"OtherDataBlocks", [](DmVerity& verity) { verity.data_block_size = 4096; },
                  "blocksize: a label can only say 512"},
        Unsayable{"OtherHashBlocks", [](DmVerity& verity) { verity.hash_block_size = 512; },
                  "hashsize: a label can only say 4096"},
        Unsayable{"OtherHashType", [](DmVerity& verity) { verity.hash_type = 0; },
                  "hash_type: a label can only say 1"},
        Unsayable{"Salt", [](DmVerity& verity) { verity.salt = "00"; },
                  "salt: a label has no place for one"},
        Unsayable{"NotValid", [](DmVerity& verity) { verity.root_hash = "12 34"; },
                  "hash: is not 64 hexadecimal digits"}),
    NameOfCase());

TEST(VerityLabel, AnEmptySaltIsNone) {
  DmVerity verity = RealDisk();
  verity.salt = "";
  EXPECT_THAT(FormatVerityLabel(verity), IsOk());
}

}  // namespace
}  // namespace nydus
