// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/json_reading.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/payload/reading.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr JsonDialect kBothDialects[] = {JsonDialect::kGo, JsonDialect::kRust};

const char* NameOf(JsonDialect dialect) {
  return dialect == JsonDialect::kGo ? "Go" : "Rust";
}

KataVolume Read(std::string_view json, JsonDialect dialect) {
  Result<KataVolume> volume = ReadVolume(json, dialect);
  EXPECT_THAT(volume, IsOk()) << json;
  return volume ? std::move(*volume) : KataVolume();
}

KataVolume ReadGo(std::string_view json) {
  return Read(json, JsonDialect::kGo);
}

KataVolume ReadRust(std::string_view json) {
  return Read(json, JsonDialect::kRust);
}

TEST(JsonReading, UnknownKeysAreIgnoredByBoth) {
  for (const JsonDialect dialect : kBothDialects) {
    SCOPED_TRACE(NameOf(dialect));
    const KataVolume volume = Read(
        R"({"volume_type":"a","new":{"source":"x"},"other":[1],"direct_volume":{"more":null}})",
        dialect);
    EXPECT_EQ(volume.volume_type, "a");
    EXPECT_EQ(volume.source, "");
    EXPECT_TRUE(volume.direct_volume);
  }
}

TEST(JsonReading, UnknownKeysAreReported) {
  for (const char* json :
       {R"({"volume_type":"a","new":1})", R"({"volume_type":"a","direct_volume":{"new":1}})",
        R"({"volume_type":"a","nydus_image":{"new":1}})",
        R"({"volume_type":"a","dm_verity":{"new":1}})", R"({"volume_type":"a","":1})"}) {
    SCOPED_TRACE(json);
    JsonOddities oddities;
    EXPECT_THAT(ReadVolume(json, JsonDialect::kGo, &oddities), IsOk());
    EXPECT_TRUE(oddities.unknown_key);
    EXPECT_FALSE(oddities.duplicate_key);
  }
}

TEST(JsonReading, KeysOfMapsAreNeverUnknown) {
  JsonOddities oddities;
  EXPECT_THAT(ReadVolume(R"({"volume_type":"a","image_pull":{"metadata":{"anything":"goes"}}})",
                         JsonDialect::kGo, &oddities),
              IsOk());
  EXPECT_FALSE(oddities.unknown_key);
  EXPECT_FALSE(oddities.duplicate_key);
}

struct FoldedKey {
  const char* name;
  const char* key;
  bool matches;
};

// Each stands where `fs_type`, `source` or `options` could be meant.
constexpr FoldedKey kFoldedKeys[] = {
    {"UpperCase", "SOURCE", true},
    {"OneCapital", "Source", true},
    {"LongSInFront", "\u017Fource", true},
    {"LongSAmongCapitals", "\u017FOURCE", true},
    {"LongSEscaped", "\\u017fource", true},
    {"DotlessI", "opt\u0131ons", false},
    {"CapitalIWithDot", "opt\u0130ons", false},
    {"KelvinSignForAnotherLetter", "\u212Aource", false},
    {"HyphenForUnderscore", "fs-type", false},
    {"DelForUnderscore", "fs\x7Ftype", false},
    {"SpaceBehind", "source ", false},
    {"CutByOne", "sourc", false},
    {"Plural", "sources", false},
    {"FullWidthLetter", "\uFF53ource", false},
};

class JsonKeyFolding : public testing::TestWithParam<FoldedKey> {
 protected:
  static JsonOddities Oddities(JsonDialect dialect) {
    JsonOddities oddities;
    const std::string json = R"({"volume_type":"a",")" + std::string(GetParam().key) + R"(":null})";
    // In Rust null would be an error if the key were taken.
    const Result<KataVolume> volume = ReadVolume(json, dialect, &oddities);
    EXPECT_THAT(volume, IsOk());
    return oddities;
  }
};

TEST_P(JsonKeyFolding, IsGosAlone) {
  EXPECT_NE(Oddities(JsonDialect::kGo).unknown_key, GetParam().matches);
  EXPECT_TRUE(Oddities(JsonDialect::kRust).unknown_key);
}

INSTANTIATE_TEST_SUITE_P(JsonReading, JsonKeyFolding, testing::ValuesIn(kFoldedKeys), NameOfCase());

TEST(JsonReading, KelvinSignFoldsIntoK) {
  // Of the keys in use, `blocknum` and `blocksize` alone have a k.
  const std::string json = VolumeWithVerity("\"bloc\u212Anum\":7");
  ASSERT_TRUE(ReadGo(json).dm_verity);
  EXPECT_EQ(ReadGo(json).dm_verity->data_blocks, 7U);
  EXPECT_THAT(ReadVolume(json, JsonDialect::kRust),
              HasError(ErrorKind::kUsage, "dm_verity: hashtype: is missing"));
}

TEST(JsonReading, FoldedKeysSetTheField) {
  EXPECT_EQ(ReadGo(R"({"Volume_Type":"a"})").volume_type, "a");
  EXPECT_EQ(ReadGo("{\"option\u017F\":[\"z\"]}").options, std::vector<std::string>{"z"});
  EXPECT_EQ(ReadGo(R"({"NYDUS_IMAGE":{"Config":"c"}})").nydus_image->config, "c");
}

TEST(JsonReading, MapKeysKeepTheirCase) {
  const KataVolume volume = ReadGo(R"({"image_pull":{"metadata":{"Key":"1","key":"2"}}})");
  EXPECT_THAT(*volume.image_pull->metadata, ElementsAre(Pair("Key", "1"), Pair("key", "2")));
}

struct Duplicate {
  const char* name;
  const char* json;
  const char* rust_message;
};

constexpr Duplicate kDuplicates[] = {
    {"String", R"({"volume_type":"first","volume_type":"last"})", "volume_type: is given twice"},
    {"SameValue", R"({"volume_type":"last","volume_type":"last"})", "volume_type: is given twice"},
    {"NotAdjacent", R"({"volume_type":"first","source":"","volume_type":"last"})",
     "volume_type: is given twice"},
    {"List", R"({"volume_type":"last","options":["x"],"options":[]})", "options: is given twice"},
    {"Object", R"({"volume_type":"last","image_pull":{},"image_pull":{}})",
     "image_pull: is given twice"},
    {"NullAndObject", R"({"volume_type":"last","image_pull":null,"image_pull":{}})",
     "image_pull: is given twice"},
    {"Inside", R"({"volume_type":"last","nydus_image":{"config":"a","config":"b"}})",
     "nydus_image: config: is given twice"},
};

class JsonDuplicateKey : public testing::TestWithParam<Duplicate> {};

TEST_P(JsonDuplicateKey, LastOneWinsInGo) {
  JsonOddities oddities;
  const Result<KataVolume> volume = ReadVolume(GetParam().json, JsonDialect::kGo, &oddities);
  ASSERT_THAT(volume, IsOk());
  EXPECT_EQ(volume->volume_type, "last");
  EXPECT_TRUE(oddities.duplicate_key);
  EXPECT_FALSE(oddities.unknown_key);
}

TEST_P(JsonDuplicateKey, IsAnErrorInRust) {
  EXPECT_THAT(ReadVolume(GetParam().json, JsonDialect::kRust),
              HasError(ErrorKind::kUsage, GetParam().rust_message));
}

INSTANTIATE_TEST_SUITE_P(JsonReading, JsonDuplicateKey, testing::ValuesIn(kDuplicates),
                         NameOfCase());

TEST(JsonReading, FoldedDuplicatesAreDuplicates) {
  JsonOddities oddities;
  const Result<KataVolume> volume =
      ReadVolume(R"({"volume_type":"first","VOLUME_TYPE":"last"})", JsonDialect::kGo, &oddities);
  ASSERT_THAT(volume, IsOk());
  EXPECT_EQ(volume->volume_type, "last");
  EXPECT_TRUE(oddities.duplicate_key);
}

TEST(JsonReading, GoMergesRepeatedObjects) {
  const KataVolume volume =
      ReadGo(R"({"nydus_image":{"config":"a"},"nydus_image":{"snapshot_dir":"b"},)"
             R"("image_pull":{"metadata":{"x":"1"}},"image_pull":{"metadata":{"y":"2"}}})");
  EXPECT_EQ(*volume.nydus_image, (KataVolume::NydusImage{"a", "b"}));
  EXPECT_THAT(*volume.image_pull->metadata, ElementsAre(Pair("x", "1"), Pair("y", "2")));
}

TEST(JsonReading, NullAfterAnObjectTakesItAway) {
  EXPECT_FALSE(ReadGo(R"({"nydus_image":{"config":"a"},"nydus_image":null})").nydus_image);
  EXPECT_FALSE(ReadGo(R"({"dm_verity":{"blocknum":1},"dm_verity":null})").dm_verity);
}

TEST(JsonReading, DuplicateMapKeysAreNoErrorAndReported) {
  constexpr const char* kJson =
      R"({"volume_type":"a","image_pull":{"metadata":{"x":"1","x":"2"}}})";
  for (const JsonDialect dialect : kBothDialects) {
    SCOPED_TRACE(NameOf(dialect));
    JsonOddities oddities;
    const Result<KataVolume> volume = ReadVolume(kJson, dialect, &oddities);
    ASSERT_THAT(volume, IsOk());
    EXPECT_THAT(*volume->image_pull->metadata, ElementsAre(Pair("x", "2")));
    EXPECT_TRUE(oddities.duplicate_key);
  }
}

TEST(JsonReading, NullIsTheZeroValueInGo) {
  const KataVolume volume = ReadGo(
      R"({"volume_type":null,"source":null,"fs_type":null,"options":null,"direct_volume":null,)"
      R"("image_pull":{"metadata":null},"nydus_image":{"config":null,"snapshot_dir":null},)"
      R"("dm_verity":{"hashtype":null,"blocknum":null}})");
  KataVolume expected;
  expected.image_pull.emplace();
  expected.nydus_image.emplace();
  expected.dm_verity.emplace();
  EXPECT_EQ(volume, expected);
}

TEST(JsonReading, NullLeavesWhatAnEarlierDuplicateSetInGo) {
  EXPECT_EQ(ReadGo(R"({"volume_type":"a","volume_type":null})").volume_type, "a");
  EXPECT_EQ(ReadGo(VolumeWithVerity(R"("blocknum":7,"blocknum":null)")).dm_verity->data_blocks, 7U);
  EXPECT_TRUE(ReadGo(R"({"options":["a"],"options":null})").options.empty());
  EXPECT_FALSE(ReadGo(R"({"image_pull":{"metadata":{"a":"b"}},"image_pull":{"metadata":null}})")
                   .image_pull->metadata);
}

TEST(JsonReading, NullInsideListsAndMapsIsAnEmptyStringInGo) {
  EXPECT_THAT(ReadGo(R"({"options":["a",null]})").options, ElementsAre("a", ""));
  EXPECT_THAT(*ReadGo(R"({"image_pull":{"metadata":{"x":null}}})").image_pull->metadata,
              ElementsAre(Pair("x", "")));
}

TEST(JsonReading, NullForTheWholeObjectIsAnEmptyOneInGo) {
  EXPECT_EQ(ReadGo("null"), KataVolume());
  EXPECT_THAT(ReadVolume("null", JsonDialect::kRust),
              HasError(ErrorKind::kUsage, "is not a JSON object"));
}

struct Wrong {
  const char* name;
  const char* json;
  const char* message;
};

constexpr Wrong kNullInRust[] = {
    {"String", R"({"volume_type":null})", "volume_type: is not a string"},
    {"OptionalString", R"({"volume_type":"a","source":null})", "source: is not a string"},
    {"List", R"({"volume_type":"a","options":null})", "options: is not a list of strings"},
    {"ListElement", R"({"volume_type":"a","options":[null]})", "options: is not a list of strings"},
    {"Map", R"({"volume_type":"a","image_pull":{"metadata":null}})",
     "image_pull: metadata: is not an object of strings"},
    {"MapElement", R"({"volume_type":"a","image_pull":{"metadata":{"x":null}}})",
     "image_pull: metadata: is not an object of strings"},
};

class JsonNullInRust : public testing::TestWithParam<Wrong> {};

TEST_P(JsonNullInRust, IsAnError) {
  EXPECT_THAT(ReadVolume(GetParam().json, JsonDialect::kRust),
              HasError(ErrorKind::kUsage, GetParam().message));
  EXPECT_THAT(ReadVolume(GetParam().json, JsonDialect::kGo), IsOk());
}

INSTANTIATE_TEST_SUITE_P(JsonReading, JsonNullInRust, testing::ValuesIn(kNullInRust), NameOfCase());

TEST(JsonReading, NullForAnOptionalObjectIsNoneInRust) {
  const KataVolume volume =
      ReadRust(R"({"volume_type":"a","direct_volume":null,"image_pull":null,"nydus_image":null,)"
               R"("dm_verity":null})");
  EXPECT_EQ(volume, KataVolume{.volume_type = "a"});
}

TEST(JsonReading, MissingFieldsAreTheZeroValueInGo) {
  EXPECT_EQ(ReadGo("{}"), KataVolume());
}

TEST(JsonReading, OnlyTheVolumeTypeMustBeThereInRust) {
  EXPECT_EQ(ReadRust(R"({"volume_type":""})"), KataVolume());
  EXPECT_THAT(ReadVolume("{}", JsonDialect::kRust),
              HasError(ErrorKind::kUsage, "volume_type: is missing"));
}

constexpr Wrong kWrongTypes[] = {
    {"TextIsAList", "[]", "is not a JSON object"},
    {"TextIsAString", "\"a\"", "is not a JSON object"},
    {"TextIsANumber", "1", "is not a JSON object"},
    {"TextIsABoolean", "true", "is not a JSON object"},
    {"NumberForString", R"({"volume_type":1})", "volume_type: is not a string"},
    {"BooleanForString", R"({"volume_type":true})", "volume_type: is not a string"},
    {"ListForString", R"({"volume_type":["a"]})", "volume_type: is not a string"},
    {"ObjectForString", R"({"volume_type":{}})", "volume_type: is not a string"},
    {"StringForList", R"({"volume_type":"a","options":"ro"})", "options: is not a list of strings"},
    {"ObjectForList", R"({"volume_type":"a","options":{}})", "options: is not a list of strings"},
    {"NumberInList", R"({"volume_type":"a","options":["a",1]})",
     "options: is not a list of strings"},
    {"StringForObject", R"({"volume_type":"a","nydus_image":"x"})",
     "nydus_image: is not a JSON object"},
    {"BooleanForObject", R"({"volume_type":"a","dm_verity":false})",
     "dm_verity: is not a JSON object"},
    {"StringForMap", R"({"volume_type":"a","direct_volume":{"metadata":"x"}})",
     "direct_volume: metadata: is not an object of strings"},
    {"ListForMap", R"({"volume_type":"a","direct_volume":{"metadata":[]}})",
     "direct_volume: metadata: is not an object of strings"},
    {"NumberInMap", R"({"volume_type":"a","direct_volume":{"metadata":{"x":1}}})",
     "direct_volume: metadata: is not an object of strings"},
};

class JsonWrongType : public testing::TestWithParam<Wrong> {};

TEST_P(JsonWrongType, IsAnErrorInBoth) {
  for (const JsonDialect dialect : kBothDialects) {
    SCOPED_TRACE(NameOf(dialect));
    EXPECT_THAT(ReadVolume(GetParam().json, dialect),
                HasError(ErrorKind::kUsage, GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(JsonReading, JsonWrongType, testing::ValuesIn(kWrongTypes), NameOfCase());

}  // namespace
}  // namespace nydus
