// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/dm_verity.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/payload/reading.h"

namespace nydus {
namespace {

constexpr const char* kUpperHash =
    "9DE18652FE74EDFB9B805AAED72AE2AA48F94333F1BA5C452AC33B1C39325174";
constexpr const char* kSha1Hash = "9de18652fe74edfb9b805aaed72ae2aa48f94333";

// The base row with one thing changed.
struct Change {
  const char* name;
  void (*apply)(DmVerity& verity);
  const char* message;             // of ValidateDmVerity; null: valid
  const char* activation_message;  // of ValidateDmVerityForActivation where the first is null
};

using V = DmVerity;

// The comments of the Go tests explain 3000 by "not a power of two"; that is not what is checked.
constexpr Change kGoTests[] = {
    {"Nothing", [](V&) {}, nullptr, nullptr},
    {"AlgorithmMd5", [](V& v) { v.hash_algorithm = "md5"; }, "hashtype: is neither sha256 nor sha1",
     nullptr},
    {"BlockSize3000", [](V& v) { v.data_block_size = 3000; }, "offset: lies inside the data",
     nullptr},
    {"BlockSize0", [](V& v) { v.data_block_size = 0; }, "blocksize: is not from 512 to 524288",
     nullptr},
    {"BlockSize524800", [](V& v) { v.data_block_size = 524800; },
     "blocksize: is not from 512 to 524288", nullptr},
    {"HashSize3000", [](V& v) { v.hash_block_size = 3000; },
     "offset: is not a multiple of hashsize", nullptr},
    {"HashSize0", [](V& v) { v.hash_block_size = 0; }, "hashsize: is not from 512 to 524288",
     nullptr},
    {"HashSize524800", [](V& v) { v.hash_block_size = 524800; },
     "hashsize: is not from 512 to 524288", nullptr},
    {"BlockNumber0", [](V& v) { v.data_blocks = 0; }, "blocknum: is not from 1 to 4294967295",
     nullptr},
    {"Offset0", [](V& v) { v.hash_offset = 0; }, "offset: lies inside the data", nullptr},
    {"Offset8193", [](V& v) { v.hash_offset = 8193; }, "offset: is not a multiple of hashsize",
     nullptr},
    {"OffsetOneHashBlockTooLow", [](V& v) { v.hash_offset = 8384512; },
     "offset: lies inside the data", nullptr},
};

constexpr Change kFurther[] = {
    {"UpperCaseAlgorithmAndHash",
     [](V& v) {
       v.hash_algorithm = "SHA256";
       v.root_hash = kUpperHash;
     },
     nullptr, nullptr},
    {"MixedCaseAlgorithm", [](V& v) { v.hash_algorithm = "Sha256"; }, nullptr, nullptr},
    {"BlockSize3000WithRoom",
     [](V& v) {
       v.data_block_size = 3000;
       v.data_blocks = 1;
       v.hash_offset = 3072;
     },
     nullptr, "blocksize: is not a power of two"},
    {"BlockSize3000WithMoreRoom",
     [](V& v) {
       v.data_block_size = 3000;
       v.data_blocks = 1;
       v.hash_offset = std::uint64_t{512} * 1024;
     },
     nullptr, "blocksize: is not a power of two"},
    {"HashSize3000WithMultiple",
     [](V& v) {
       v.hash_block_size = 3000;
       v.hash_offset = 8391000;
     },
     nullptr, "hashsize: is not a power of two"},
    {"HashAreaNotDirectlyBehindTheData", [](V& v) { v.hash_offset = 8392704; }, nullptr, nullptr},
    {"Generated2361Blocks",
     [](V& v) {
       v.data_blocks = 2361;
       v.hash_block_size = 4096;
       v.hash_offset = 1212416;
     },
     nullptr, nullptr},
    {"Generated1038Blocks",
     [](V& v) {
       v.data_blocks = 1038;
       v.hash_block_size = 4096;
       v.hash_offset = 532480;
     },
     nullptr, nullptr},
    {"Generated4576Blocks",
     [](V& v) {
       v.data_blocks = 4576;
       v.hash_block_size = 4096;
       v.hash_offset = 2342912;
     },
     nullptr, nullptr},
    {"Sha1",
     [](V& v) {
       v.hash_algorithm = "SHA1";
       v.root_hash = kSha1Hash;
     },
     nullptr, nullptr},
    {"Sha1WithAHashOfSha256", [](V& v) { v.hash_algorithm = "sha1"; },
     "hash: is not 40 hexadecimal digits", nullptr},
    {"Sha256WithAHashOfSha1", [](V& v) { v.root_hash = kSha1Hash; },
     "hash: is not 64 hexadecimal digits", nullptr},
    {"EmptyAlgorithm", [](V& v) { v.hash_algorithm = ""; }, "hashtype: is neither", nullptr},
    {"AlgorithmWithHyphen", [](V& v) { v.hash_algorithm = "sha-256"; }, "hashtype: is neither",
     nullptr},
    // Go's ToLower leaves it alone, only EqualFold would take it for an s.
    {"AlgorithmWithLongS", [](V& v) { v.hash_algorithm = "\u017Fha256"; }, "hashtype: is neither",
     nullptr},
    {"EmptyHash", [](V& v) { v.root_hash = ""; }, "hash: is not 64", nullptr},
    {"HashOneDigitShort", [](V& v) { v.root_hash.pop_back(); }, "hash: is not 64", nullptr},
    {"HashOneDigitLong", [](V& v) { v.root_hash += '0'; }, "hash: is not 64", nullptr},
    {"HashWithOtherLetter", [](V& v) { v.root_hash[63] = 'g'; }, "hash: is not 64", nullptr},
    {"HashWithNul", [](V& v) { v.root_hash[0] = '\0'; }, "hash: is not 64", nullptr},
    {"OneBlock",
     [](V& v) {
       v.data_blocks = 1;
       v.hash_offset = 512;
     },
     nullptr, nullptr},
    {"MostBlocks",
     [](V& v) {
       v.data_blocks = kMaxVerityBlocks;
       v.hash_offset = kMaxVerityBlocks * 512;
     },
     nullptr, nullptr},
    {"OneBlockTooMany", [](V& v) { v.data_blocks = kMaxVerityBlocks + 1; },
     "blocknum: is not from 1 to 4294967295", nullptr},
    {"BlockNumberOfAllOnes", [](V& v) { v.data_blocks = UINT64_MAX; },
     "blocknum: is not from 1 to 4294967295", nullptr},
    {"BlockSize511", [](V& v) { v.data_block_size = 511; }, "blocksize: is not from", nullptr},
    {"BlockSize524288",
     [](V& v) {
       v.data_block_size = 524288;
       v.hash_offset = std::uint64_t{524288} * 16384;
     },
     nullptr, nullptr},
    {"BlockSize524289", [](V& v) { v.data_block_size = 524289; }, "blocksize: is not from",
     nullptr},
    {"HashSize511", [](V& v) { v.hash_block_size = 511; }, "hashsize: is not from", nullptr},
    {"HashSize524288", [](V& v) { v.hash_block_size = 524288; }, nullptr, nullptr},
    {"HashSize524289", [](V& v) { v.hash_block_size = 524289; }, "hashsize: is not from", nullptr},
    // 2^51 bytes of data: the largest product that the rule computes.
    {"LargestDevice",
     [](V& v) {
       v.data_blocks = kMaxVerityBlocks;
       v.data_block_size = kMaxVerityBlockSize;
       v.hash_offset = kMaxVerityBlocks * kMaxVerityBlockSize;
     },
     nullptr, nullptr},
    {"LargestDeviceOneHashBlockTooLow",
     [](V& v) {
       v.data_blocks = kMaxVerityBlocks;
       v.data_block_size = kMaxVerityBlockSize;
       v.hash_offset = kMaxVerityBlocks * kMaxVerityBlockSize - 512;
     },
     "offset: lies inside the data", nullptr},
    {"LargestOffset", [](V& v) { v.hash_offset = UINT64_MAX - 511; }, nullptr, nullptr},
    {"AlgorithmBeforeBlockNumber",
     [](V& v) {
       v.hash_algorithm = "md5";
       v.data_blocks = 0;
     },
     "hashtype: ", nullptr},
    {"BlockNumberBeforeBlockSize",
     [](V& v) {
       v.data_blocks = 0;
       v.data_block_size = 0;
     },
     "blocknum: ", nullptr},
};

constexpr Change kActivation[] = {
    {"HashType0", [](V& v) { v.hash_type = 0; }, nullptr, nullptr},
    {"HashType2", [](V& v) { v.hash_type = 2; }, nullptr, "hash_type: is neither 0 nor 1"},
    {"NoSuperblock", [](V& v) { v.no_superblock = true; }, nullptr, nullptr},
    {"EmptySalt", [](V& v) { v.salt = ""; }, nullptr, nullptr},
    {"SaltOfBothCases", [](V& v) { v.salt = "00fFaA"; }, nullptr, nullptr},
    {"SaltOfHalfAByte", [](V& v) { v.salt = "00f"; }, nullptr, "salt: is not hexadecimal bytes"},
    {"SaltOfNoDigits", [](V& v) { v.salt = "--"; }, nullptr, "salt: is not hexadecimal bytes"},
};

class DmVerityRule : public testing::TestWithParam<Change> {
 protected:
  void SetUp() override {
    verity_ = BaseVerity();
    GetParam().apply(verity_);
  }

  DmVerity verity_;
};

TEST_P(DmVerityRule, Common) {
  if (GetParam().message == nullptr) {
    EXPECT_THAT(ValidateDmVerity(verity_), IsOk());
  } else {
    EXPECT_THAT(ValidateDmVerity(verity_), HasError(ErrorKind::kUsage, GetParam().message));
  }
}

TEST_P(DmVerityRule, Activation) {
  const char* message = GetParam().message;
  if (message == nullptr) message = GetParam().activation_message;
  if (message == nullptr) {
    EXPECT_THAT(ValidateDmVerityForActivation(verity_), IsOk());
  } else {
    EXPECT_THAT(ValidateDmVerityForActivation(verity_), HasError(ErrorKind::kUsage, message));
  }
}

INSTANTIATE_TEST_SUITE_P(GoTests, DmVerityRule, testing::ValuesIn(kGoTests), NameOfCase());
INSTANTIATE_TEST_SUITE_P(Further, DmVerityRule, testing::ValuesIn(kFurther), NameOfCase());
INSTANTIATE_TEST_SUITE_P(Kernel, DmVerityRule, testing::ValuesIn(kActivation), NameOfCase());

}  // namespace
}  // namespace nydus
