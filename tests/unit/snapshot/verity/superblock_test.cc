// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/superblock.h"

#include <gmock/gmock.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

VerityParameters Parameters() {
  return {.hash_type = 1,
          .algorithm = HashAlgorithm::kSha512,
          .salt = "\x01\xfe",
          .data_block_size = 1024,
          .hash_block_size = 2048,
          .data_blocks = 0x0102030405,
          .hash_offset = 4096,
          .uuid = UuidOfText("00112233-4455-6677-8899-aabbccddeeff")};
}

std::string Encoded(const VerityParameters& parameters) {
  const auto bytes = EncodeSuperblock(parameters);
  return {bytes.data(), bytes.size()};
}

TEST(Superblock, HasItsFieldsWhereTheFormatPutsThem) {
  const std::string bytes = Encoded(Parameters());
  ASSERT_EQ(bytes.size(), 512U);
  EXPECT_EQ(ToHex(bytes.substr(0, 16)), "76657269747900000100000001000000");
  EXPECT_EQ(ToHex(bytes.substr(16, 16)), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(bytes.substr(32, 32), "sha512" + std::string(26, '\0'));
  EXPECT_EQ(ToHex(bytes.substr(64, 24)), "000400000008000005040302010000000200000000000000");
  EXPECT_EQ(bytes.substr(88), "\x01\xfe" + std::string(422, '\0'));
}

TEST(Superblock, IsReadBack) {
  const Result<Superblock> superblock = ParseSuperblock(Encoded(Parameters()), 4096);
  ASSERT_THAT(superblock, IsOk());
  EXPECT_EQ(superblock->parameters, Parameters());
  EXPECT_FALSE(superblock->has_stray_bytes);
}

TEST(Superblock, TakesTheLongestSalt) {
  VerityParameters parameters = Parameters();
  parameters.salt = std::string(256, 's');
  const Result<Superblock> superblock = ParseSuperblock(Encoded(parameters), 4096);
  ASSERT_THAT(superblock, IsOk());
  EXPECT_EQ(superblock->parameters.salt, parameters.salt);
}

struct Change {
  std::string name;
  std::size_t offset;
  std::string bytes;
  std::string message;  // empty: stray bytes, no error
};

class ChangedSuperblock : public testing::TestWithParam<Change> {
 protected:
  static Result<Superblock> Parse() {
    std::string bytes = Encoded(Parameters());
    bytes.replace(GetParam().offset, GetParam().bytes.size(), GetParam().bytes);
    return ParseSuperblock(bytes, 4096);
  }
};

TEST_P(ChangedSuperblock, IsNoticed) {
  if (GetParam().message.empty()) {
    ASSERT_THAT(Parse(), IsOk());
    EXPECT_TRUE(Parse()->has_stray_bytes);
  } else {
    EXPECT_THAT(Parse(), HasError(ErrorKind::kUsage, GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ChangedSuperblock,
    testing::Values(
        Change{"Signature", 0, "V", "superblock: signature: there is none at offset 4096"},
        Change{"Version", 8, "\x02", "superblock: version: 2"},
        Change{"HashType", 12, "\x02", "superblock: hash type: 2"},
        Change{"HashTypeHighByte", 15, "\x01", "superblock: hash type: 16777217"},
        Change{"Algorithm", 32, "md5\n", "superblock: algorithm: 'md5\\x0a12'"},
        Change{"AlgorithmWithoutEnd", 32, std::string(32, 'a'), "superblock: algorithm"},
        Change{"AlgorithmEmpty", 32, std::string(1, '\0'), "superblock: algorithm: ''"},
        Change{"BytesBehindAlgorithm", 40, "x", ""},
        Change{"DataBlockSize", 64, std::string("\x01\x04", 2),
               "superblock: data block size: 1025"},
        Change{"HashBlockSize", 71, "\x80", "superblock: hash block size: 2147485696"},
        Change{"SaltSize", 81, "\x01", "superblock: salt size: 258"},
        Change{"Padding", 87, "x", ""}, Change{"BytesBehindSalt", 90, "x", ""},
        Change{"LastByte", 511, "x", ""}),
    NameOfCase());

TEST(Superblock, ThatIsCutOffIsAnError) {
  EXPECT_THAT(ParseSuperblock(Encoded(Parameters()).substr(0, 511), 0),
              HasError(ErrorKind::kUsage, "superblock: has 511 bytes"));
}

TEST(Superblock, OfZerosHasNoSignature) {
  EXPECT_THAT(ParseSuperblock(std::string(512, '\0'), 0), HasError(ErrorKind::kUsage, "signature"));
}

}  // namespace
}  // namespace nydus
