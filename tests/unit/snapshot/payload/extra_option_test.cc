// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/extra_option.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/payload/reading.h"

namespace nydus {
namespace {

struct Sample {
  const char* name;
  const char* json;
  ExtraOption option;
};

// From the tests of kata-types.
std::vector<Sample> Samples() {
  return {
      {"RafsV5",
       R"({"source":"/snapshots/9/fs/image/image.boot","config":"{\"device\":{}}",)"
       R"("snapshotdir":"/snapshots/257","fs_version":"v5"})",
       {"/snapshots/9/fs/image/image.boot", R"({"device":{}})", "/snapshots/257", "v5"}},
      {"RafsV6",
       R"({"source":"/snapshots/201/fs/image/image.boot","config":"{\"device\":{}}",)"
       R"("snapshotdir":"/snapshots/261","fs_version":"v6"})",
       {"/snapshots/201/fs/image/image.boot", R"({"device":{}})", "/snapshots/261", "v6"}},
  };
}

class ExtraOptionSamples : public testing::TestWithParam<Sample> {};

TEST_P(ExtraOptionSamples, AreReadAlikeInBothDialects) {
  EXPECT_EQ(ReadOption(GetParam().json, JsonDialect::kGo), GetParam().option);
  EXPECT_EQ(ReadOption(GetParam().json, JsonDialect::kRust), GetParam().option);
}

TEST_P(ExtraOptionSamples, AreValid) {
  EXPECT_THAT(ValidateExtraOption(GetParam().option), IsOk());
}

INSTANTIATE_TEST_SUITE_P(KataTypes, ExtraOptionSamples, testing::ValuesIn(Samples()), NameOfCase());

struct Missing {
  const char* name;
  const char* json;
  const char* go_message;    // null: Kata's Go runtime accepts it
  const char* rust_message;  // of reading, which comes before validation
};

constexpr Missing kMissing[] = {
    {"Source", R"({"config":"c","snapshotdir":"d","fs_version":"v6"})",
     "source: is missing or empty", "source: is missing"},
    {"Config", R"({"source":"s","snapshotdir":"d","fs_version":"v6"})",
     "config: is missing or empty", "config: is missing"},
    {"SnapshotDirectory", R"({"source":"s","config":"c","fs_version":"v6"})",
     "snapshotdir: is missing or empty", "snapshotdir: is missing"},
    {"FsVersion", R"({"source":"s","config":"c","snapshotdir":"d"})", nullptr,
     "fs_version: is missing"},
    {"Everything", "{}", "source: is missing or empty", "source: is missing"},
};

class ExtraOptionWithout : public testing::TestWithParam<Missing> {};

TEST_P(ExtraOptionWithout, IsJudgedAfterReadingInGo) {
  const Result<ExtraOption> option = ReadOption(GetParam().json, JsonDialect::kGo);
  ASSERT_THAT(option, IsOk());
  if (GetParam().go_message == nullptr) {
    EXPECT_THAT(ValidateExtraOption(*option), IsOk());
  } else {
    EXPECT_THAT(ValidateExtraOption(*option), HasError(ErrorKind::kUsage, GetParam().go_message));
  }
}

TEST_P(ExtraOptionWithout, IsNotReadInRust) {
  EXPECT_THAT(ReadOption(GetParam().json, JsonDialect::kRust),
              HasError(ErrorKind::kUsage, GetParam().rust_message));
}

INSTANTIATE_TEST_SUITE_P(Kata, ExtraOptionWithout, testing::ValuesIn(kMissing), NameOfCase());

TEST(ExtraOption, EmptyIsMissing) {
  EXPECT_THAT(ValidateExtraOption({.source = "", .config = "c", .snapshot_dir = "d"}),
              HasError(ErrorKind::kUsage, "source: is missing or empty"));
  EXPECT_THAT(ValidateExtraOption({.source = "s", .config = "", .snapshot_dir = "d"}),
              HasError(ErrorKind::kUsage, "config: is missing or empty"));
  EXPECT_THAT(ValidateExtraOption({.source = "s", .config = "c", .snapshot_dir = ""}),
              HasError(ErrorKind::kUsage, "snapshotdir: is missing or empty"));
}

TEST(ExtraOption, NullIsMissing) {
  const Result<ExtraOption> option =
      ReadOption(R"({"source":null,"config":"c","snapshotdir":"d"})", JsonDialect::kGo);
  ASSERT_THAT(option, IsOk());
  EXPECT_THAT(ValidateExtraOption(*option), HasError(ErrorKind::kUsage, "source: is missing"));
}

TEST(ExtraOption, TheConfigurationIsAStringNotAnObject) {
  EXPECT_THAT(ReadOption(R"({"source":"s","config":{},"snapshotdir":"d"})", JsonDialect::kGo),
              HasError(ErrorKind::kUsage, "config: is not a string"));
}

TEST(ExtraOption, KeysOfAKataVolumeAreNotItsOwn) {
  JsonOddities oddities;
  const Result<ExtraOption> option =
      ReadOption(R"({"source":"s","config":"c","snapshot_dir":"d"})", JsonDialect::kGo, &oddities);
  ASSERT_THAT(option, IsOk());
  EXPECT_EQ(option->snapshot_dir, "");
  EXPECT_TRUE(oddities.unknown_key);
}

}  // namespace
}  // namespace nydus
