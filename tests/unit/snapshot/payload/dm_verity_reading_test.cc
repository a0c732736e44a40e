// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "base/text.h"
#include "snapshot/payload/dm_verity.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/payload/reading.h"

namespace nydus {
namespace {

constexpr const char* kHash = "9de18652fe74edfb9b805aaed72ae2aa48f94333f1ba5c452ac33b1c39325174";

// The six members that both decoders know, without `left_out` and with `added` at the end.
std::string Members(std::string_view left_out, std::string_view added = "") {
  const struct {
    std::string_view key;
    std::string value;
  } members[] = {{"hashtype", "\"sha256\""}, {"hash", StrCat("\"", kHash, "\"")},
                 {"blocknum", "16384"},      {"blocksize", "512"},
                 {"hashsize", "512"},        {"offset", "8388608"}};
  std::string text;
  for (const auto& member : members) {
    if (member.key == left_out) continue;
    text += StrCat(text.empty() ? "" : ",", "\"", member.key, "\":", member.value);
  }
  return added.empty() ? text : StrCat(text, ",", added);
}

Result<DmVerity> Read(std::string_view members, JsonDialect dialect) {
  Result<KataVolume> volume = ReadVolume(VolumeWithVerity(members), dialect);
  if (!volume) return Failure(volume.error());
  if (!volume->dm_verity) return Fail(ErrorKind::kInternal, "no dm_verity was read");
  return *volume->dm_verity;
}

Result<DmVerity> Go(std::string_view members) {
  return Read(members, JsonDialect::kGo);
}

Result<DmVerity> Rust(std::string_view members) {
  return Read(members, JsonDialect::kRust);
}

TEST(DmVerityReading, TakesEveryField) {
  EXPECT_EQ(Go(Members("")), BaseVerity());
  EXPECT_EQ(Rust(Members("")), BaseVerity());
}

TEST(DmVerityReading, HashTypeIsOneUnlessGiven) {
  ASSERT_THAT(Rust(Members("")), IsOk());
  EXPECT_EQ(Rust(Members(""))->hash_type, 1U);
  EXPECT_EQ(Rust(Members("", R"("hash_type":0)"))->hash_type, 0U);
}

TEST(DmVerityReading, TakesTheFieldsOfKataTypesInBothDialects) {
  const std::string members = Members("", R"("salt":"00ff","hash_type":0,"no_superblock":true)");
  DmVerity expected = BaseVerity();
  expected.salt = "00ff";
  expected.hash_type = 0;
  expected.no_superblock = true;
  EXPECT_EQ(Go(members), expected);
  EXPECT_EQ(Rust(members), expected);
}

TEST(DmVerityReading, NullSaltIsNone) {
  EXPECT_EQ(Go(Members("", R"("salt":null)")), BaseVerity());
  EXPECT_EQ(Rust(Members("", R"("salt":null)")), BaseVerity());
}

TEST(DmVerityReading, KeepsTheSpellingOfTheAlgorithm) {
  const Result<DmVerity> verity = Go(Members("hashtype", R"("hashtype":"SHA256")"));
  ASSERT_THAT(verity, IsOk());
  EXPECT_EQ(verity->hash_algorithm, "SHA256");
}

TEST(DmVerityReading, ReadsNumbersUpToTheLargest) {
  for (const char* key : {"blocknum", "blocksize", "hashsize", "offset"}) {
    SCOPED_TRACE(key);
    const std::string members = Members(key, StrCat("\"", key, "\":18446744073709551615"));
    const Result<DmVerity> verity = Go(members);
    ASSERT_THAT(verity, IsOk());
    EXPECT_NE(*verity, BaseVerity());
    EXPECT_EQ(Rust(members), *verity);
  }
}

struct Field {
  const char* name;
  const char* key;
  const char* rule;  // what ValidateDmVerity says about a missing one
};

constexpr Field kFields[] = {
    {"HashAlgorithm", "hashtype", "hashtype: is neither sha256 nor sha1"},
    {"RootHash", "hash", "hash: is not 64 hexadecimal digits"},
    {"BlockNumber", "blocknum", "blocknum: is not from 1"},
    {"BlockSize", "blocksize", "blocksize: is not from 512"},
    {"HashSize", "hashsize", "hashsize: is not from 512"},
    {"Offset", "offset", "offset: lies inside the data"},
};

class DmVerityWithout : public testing::TestWithParam<Field> {};

TEST_P(DmVerityWithout, IsRefusedByTheRuleInGo) {
  const Result<DmVerity> verity = Go(Members(GetParam().key));
  ASSERT_THAT(verity, IsOk());
  EXPECT_THAT(ValidateDmVerity(*verity), HasError(ErrorKind::kUsage, GetParam().rule));
}

TEST_P(DmVerityWithout, IsNotReadInRust) {
  EXPECT_THAT(Rust(Members(GetParam().key)),
              HasError(ErrorKind::kUsage, StrCat("dm_verity: ", GetParam().key, ": is missing")));
}

TEST_P(DmVerityWithout, NullIsLikeMissingInGoAndAnErrorInRust) {
  const std::string members = Members(GetParam().key, StrCat("\"", GetParam().key, "\":null"));
  const Result<DmVerity> verity = Go(members);
  ASSERT_THAT(verity, IsOk());
  EXPECT_THAT(ValidateDmVerity(*verity), HasError(ErrorKind::kUsage, GetParam().rule));
  EXPECT_THAT(Rust(members),
              HasError(ErrorKind::kUsage, StrCat("dm_verity: ", GetParam().key, ": is not ")));
}

INSTANTIATE_TEST_SUITE_P(Field, DmVerityWithout, testing::ValuesIn(kFields), NameOfCase());

struct WrongNumber {
  const char* name;
  const char* value;
};

constexpr WrongNumber kWrongNumbers[] = {
    {"MinusOne", "-1"},
    {"MinusZero", "-0"},
    {"IntegerWithFraction", "512.0"},
    {"Fraction", "0.5"},
    {"Exponent", "1e3"},
    {"TwoToThe64", "18446744073709551616"},
    {"ThirtyDigits", "100000000000000000000000000000"},
    {"String", "\"512\""},
    {"Boolean", "true"},
    {"List", "[512]"},
    {"Object", "{}"},
};

class DmVerityWrongNumber : public testing::TestWithParam<WrongNumber> {};

TEST_P(DmVerityWrongNumber, IsAnErrorInBoth) {
  for (const char* key : {"blocknum", "blocksize", "hashsize", "offset"}) {
    SCOPED_TRACE(key);
    const std::string members = Members(key, StrCat("\"", key, "\":", GetParam().value));
    const std::string message = StrCat("dm_verity: ", key, ": is not an integer from 0 to 2^64-1");
    EXPECT_THAT(Go(members), HasError(ErrorKind::kUsage, message));
    EXPECT_THAT(Rust(members), HasError(ErrorKind::kUsage, message));
  }
}

INSTANTIATE_TEST_SUITE_P(Value, DmVerityWrongNumber, testing::ValuesIn(kWrongNumbers),
                         NameOfCase());

TEST(DmVerityReading, WrongStringsAreAnErrorInBoth) {
  for (const char* key : {"hashtype", "hash"}) {
    for (const char* value : {"1", "true", "[]", "{}"}) {
      SCOPED_TRACE(StrCat(key, " ", value));
      const std::string members = Members(key, StrCat("\"", key, "\":", value));
      const std::string message = StrCat("dm_verity: ", key, ": is not a string");
      EXPECT_THAT(Go(members), HasError(ErrorKind::kUsage, message));
      EXPECT_THAT(Rust(members), HasError(ErrorKind::kUsage, message));
    }
  }
}

// Go has no such fields: whatever stands there, its decoder skips it.
struct Foreign {
  const char* name;
  const char* member;
  const char* rust_message;
};

constexpr Foreign kForeign[] = {
    {"SaltThatIsANumber", R"("salt":1)", "dm_verity: salt: is not a string"},
    {"SaltThatIsAList", R"("salt":[])", "dm_verity: salt: is not a string"},
    {"HashTypeThatIsAString", R"("hash_type":"1")", "dm_verity: hash_type: is not an integer"},
    {"HashTypeThatIsNegative", R"("hash_type":-1)", "dm_verity: hash_type: is not an integer"},
    {"HashTypeThatIsNull", R"("hash_type":null)", "dm_verity: hash_type: is not an integer"},
    {"NoSuperblockThatIsANumber", R"("no_superblock":1)",
     "dm_verity: no_superblock: is neither true nor false"},
    {"NoSuperblockThatIsNull", R"("no_superblock":null)",
     "dm_verity: no_superblock: is neither true nor false"},
};

class DmVerityForeignField : public testing::TestWithParam<Foreign> {};

TEST_P(DmVerityForeignField, IsPassedOverInGo) {
  EXPECT_EQ(Go(Members("", GetParam().member)), BaseVerity());
}

TEST_P(DmVerityForeignField, IsAnErrorInRust) {
  EXPECT_THAT(Rust(Members("", GetParam().member)),
              HasError(ErrorKind::kUsage, GetParam().rust_message));
}

INSTANTIATE_TEST_SUITE_P(Mistyped, DmVerityForeignField, testing::ValuesIn(kForeign), NameOfCase());

// nydus-snapshotter: ParseDmVerityInfo.
TEST(DmVerityOnItsOwn, IsReadAndValidated) {
  EXPECT_EQ(ParseDmVerity(StrCat("{", Members(""), "}")), BaseVerity());
  EXPECT_THAT(ParseDmVerity(StrCat("{", Members("offset"), "}")),
              HasError(ErrorKind::kUsage, "offset: lies inside the data"));
  EXPECT_THAT(ParseDmVerity(StrCat("{", Members("hash", R"("hash":1)"), "}")),
              HasError(ErrorKind::kUsage, "hash: is not a string"));
}

TEST(DmVerityOnItsOwn, IsOneJsonObject) {
  EXPECT_THAT(ParseDmVerity("invalid_json"), HasError(ErrorKind::kUsage, "not JSON"));
  EXPECT_THAT(ParseDmVerity("[]"), HasError(ErrorKind::kUsage, "is not a JSON object"));
  EXPECT_THAT(ParseDmVerity("null"), HasError(ErrorKind::kUsage, "hashtype: is neither"));
  EXPECT_THAT(ParseDmVerity(StrCat("{", Members(""), "}{}")),
              HasError(ErrorKind::kUsage, "not JSON"));
}

TEST(DmVerityOnItsOwn, HasALimit) {
  std::string text = StrCat("{", Members(""), "}");
  text.resize(kMaxPayloadBytes, ' ');
  EXPECT_THAT(ParseDmVerity(text), IsOk());
  text += ' ';
  EXPECT_THAT(ParseDmVerity(text), HasError(ErrorKind::kUsage, "is longer than 131072 bytes"));
}

}  // namespace
}  // namespace nydus
