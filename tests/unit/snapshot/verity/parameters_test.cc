// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/parameters.h"

#include <gmock/gmock.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

TEST(TreeFormat, DefaultIsWhatVeritysetupTakes) {
  const VerityParameters parameters;
  EXPECT_THAT(ValidateTreeFormat(parameters), IsOk());
  EXPECT_EQ(parameters.hash_type, 1U);
  EXPECT_EQ(HashAlgorithmName(parameters.algorithm), "sha256");
  EXPECT_EQ(parameters.data_block_size, 4096U);
  EXPECT_EQ(parameters.hash_block_size, 4096U);
}

struct BadFormat {
  std::string name;
  VerityParameters parameters;
  std::string field;
};

class TreeFormatRefuses : public testing::TestWithParam<BadFormat> {};

TEST_P(TreeFormatRefuses, NamingTheField) {
  EXPECT_THAT(ValidateTreeFormat(GetParam().parameters),
              HasError(ErrorKind::kUsage, GetParam().field));
}

INSTANTIATE_TEST_SUITE_P(
    All, TreeFormatRefuses,
    testing::Values(BadFormat{"HashType2", {.hash_type = 2}, "hash type: 2"},
                    BadFormat{"LongSalt", {.salt = std::string(257, 's')}, "salt: has 257"},
                    BadFormat{"DataBlock256", {.data_block_size = 256}, "data block size: 256"},
                    BadFormat{"DataBlock0", {.data_block_size = 0}, "data block size: 0"},
                    BadFormat{"DataBlock3000", {.data_block_size = 3000}, "data block size: 3000"},
                    BadFormat{"DataBlock8192", {.data_block_size = 8192}, "data block size: 8192"},
                    BadFormat{"HashBlock8192", {.hash_block_size = 8192}, "hash block size: 8192"},
                    BadFormat{"HashBlock0", {.hash_block_size = 0}, "hash block size: 0"}),
    NameOfCase());

TEST(HashAlgorithmName, IsReadBack) {
  for (const auto algorithm :
       {HashAlgorithm::kSha1, HashAlgorithm::kSha256, HashAlgorithm::kSha512}) {
    EXPECT_EQ(HashAlgorithmOfName(HashAlgorithmName(algorithm)), algorithm);
  }
  EXPECT_EQ(HashAlgorithmOfName("SHA256"), std::nullopt);
  EXPECT_EQ(HashAlgorithmOfName(""), std::nullopt);
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(ToHex(std::string("\x00\x9f\xff", 3)), "009fff");
  EXPECT_EQ(FromHex("009fFF"), std::string("\x00\x9f\xff", 3));
  EXPECT_EQ(FromHex(""), "");
}

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
  EXPECT_EQ(FromHex("0"), std::nullopt);
  EXPECT_EQ(FromHex("0g"), std::nullopt);
  EXPECT_EQ(FromHex("-1"), std::nullopt);
  EXPECT_EQ(FromHex("0x"), std::nullopt);
}

TEST(Uuid, IsWrittenAndReadAsText) {
  const auto uuid = UuidOfText("00112233-4455-6677-8899-AABBCCDDEEFF");
  ASSERT_TRUE(uuid);
  EXPECT_EQ((*uuid)[1], 0x11);
  EXPECT_EQ(UuidText(*uuid), "00112233-4455-6677-8899-aabbccddeeff");
}

TEST(Uuid, HasItsDashesWhereTheyBelong) {
  EXPECT_EQ(UuidOfText("00112233445566778899aabbccddeeff"), std::nullopt);
  EXPECT_EQ(UuidOfText("0011223-34455-6677-8899-aabbccddeeff"), std::nullopt);
  EXPECT_EQ(UuidOfText("00112233-4455-6677-8899-aabbccddee"), std::nullopt);
  EXPECT_EQ(UuidOfText(""), std::nullopt);
}

TEST(Uuid, MadeOnesAreRandomOfVersion4) {
  const Result<VerityUuid> uuid = MakeUuid();
  ASSERT_THAT(uuid, IsOk());
  const std::string text = UuidText(*uuid);
  EXPECT_EQ(text[14], '4');
  EXPECT_THAT(text.substr(19, 1), testing::AnyOf("8", "9", "a", "b"));
  EXPECT_NE(text, UuidText(MakeUuid().value()));
}

}  // namespace
}  // namespace nydus
