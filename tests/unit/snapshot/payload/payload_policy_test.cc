// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/payload_policy.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr PayloadPolicy kCompatible = PayloadPolicy::kCompatible;
constexpr PayloadPolicy kStrict = PayloadPolicy::kStrict;
constexpr PayloadPolicy kBothPolicies[] = {kCompatible, kStrict};

constexpr const char* kAccepted = nullptr;

constexpr std::string_view kOption =
    R"({"source":"/a/image.boot","config":"{}","snapshotdir":"/a/3","fs_version":"v6"})";
constexpr std::string_view kVolume = R"({"volume_type":"image_raw_block","source":"/a.disk"})";

template <typename T>
void ExpectVerdict(const Result<T>& result, const char* message) {
  if (message == kAccepted) {
    EXPECT_THAT(result, IsOk());
  } else {
    EXPECT_THAT(result, HasError(ErrorKind::kUsage, message));
  }
}

TEST(PayloadPolicyWord, IsOneOfThree) {
  EXPECT_EQ(ParsePayloadPolicy("compatible"), PayloadPolicy::kCompatible);
  EXPECT_EQ(ParsePayloadPolicy("strict"), PayloadPolicy::kStrict);
  EXPECT_EQ(ParsePayloadPolicy("ignore"), PayloadPolicy::kIgnore);
  for (const char* word : {"", "Strict", "strict ", "off", "none"}) {
    EXPECT_EQ(ParsePayloadPolicy(word), std::nullopt) << word;
  }
}

TEST(PayloadPolicy, GivesBackWhatItRead) {
  for (const PayloadPolicy policy : kBothPolicies) {
    EXPECT_EQ(CheckExtraOption(EncodeBase64(kOption), policy),
              (ExtraOption{"/a/image.boot", "{}", "/a/3", "v6"}));
    EXPECT_EQ(CheckKataVolume(EncodeBase64(kVolume), policy),
              (KataVolume{.volume_type = "image_raw_block", .source = "/a.disk"}));
  }
}

// A payload's JSON text and the message of each policy.
struct Payload {
  const char* name;
  std::string json;
  const char* compatible;
  const char* strict;
};

std::vector<Payload> Options() {
  return {
      {"Whole", std::string(kOption), kAccepted, kAccepted},
      {"WithoutFsVersion", R"({"source":"s","config":"c","snapshotdir":"d"})", kAccepted,
       kAccepted},
      {"WithWhiteSpace", " {\"source\":\"s\",\n\"config\":\"c\",\"snapshotdir\":\"d\"}\n",
       kAccepted, kAccepted},
      {"WithoutSource", R"({"config":"c","snapshotdir":"d"})", "source: is missing or empty",
       "source: is missing or empty"},
      {"WithoutConfig", R"({"source":"s","snapshotdir":"d"})", "config: is missing or empty",
       "config: is missing or empty"},
      {"WithoutSnapshotDir", R"({"source":"s","config":"c"})", "snapshotdir: is missing or empty",
       "snapshotdir: is missing or empty"},
      {"WithEmptySource", R"({"source":"","config":"c","snapshotdir":"d"})",
       "source: is missing or empty", "source: is missing or empty"},
      {"WithNullConfig", R"({"source":"s","config":null,"snapshotdir":"d"})",
       "config: is missing or empty", "config: is missing or empty"},
      {"WithUnknownKey", R"({"source":"s","config":"c","snapshotdir":"d","new":1})", kAccepted,
       "holds an unknown key"},
      {"WithUnknownKeyOfAHugeNumber",
       R"({"source":"s","config":"c","snapshotdir":"d","new":1e400})", "a number beyond the range",
       "a number beyond the range"},
      {"WithFoldedKey", R"({"Source":"s","config":"c","snapshotdir":"d"})", kAccepted,
       "holds a key in the wrong case"},
      {"WithDuplicateKey", R"({"source":"x","source":"s","config":"c","snapshotdir":"d"})",
       kAccepted, "holds a key twice"},
      {"WithNumberForSource", R"({"source":1,"config":"c","snapshotdir":"d"})",
       "source: is not a string", "source: is not a string"},
      {"Null", "null", "source: is missing or empty", "source: is missing or empty"},
      {"List", "[]", "is not a JSON object", "is not a JSON object"},
      {"NotJson", "invalid_json", "not JSON", "not JSON"},
      {"Empty", "", "not JSON", "not JSON"},
      {"KataVolume", std::string(kVolume), "holds a Kata volume", "holds a Kata volume"},
      {"KataVolumeOfNydusFs",
       R"({"volume_type":"image_nydus_fs","source":"s","nydus_image":{"config":"c"}})",
       "holds a Kata volume", "holds a Kata volume"},
      {"KataVolumeOfUnknownType", R"({"volume_type":"newer"})", "holds a Kata volume",
       "holds a Kata volume"},
  };
}

class PayloadPolicyOption : public testing::TestWithParam<Payload> {};

TEST_P(PayloadPolicyOption, Compatible) {
  ExpectVerdict(CheckExtraOption(EncodeBase64(GetParam().json), kCompatible),
                GetParam().compatible);
}

TEST_P(PayloadPolicyOption, Strict) {
  ExpectVerdict(CheckExtraOption(EncodeBase64(GetParam().json), kStrict), GetParam().strict);
}

INSTANTIATE_TEST_SUITE_P(ExtraOption, PayloadPolicyOption, testing::ValuesIn(Options()),
                         NameOfCase());

TEST(PayloadPolicy, AKataVolumeInAnExtraOptionIsSentToItsOwnOption) {
  for (const PayloadPolicy policy : kBothPolicies) {
    const Result<ExtraOption> option = CheckExtraOption(EncodeBase64(kVolume), policy);
    ASSERT_FALSE(option);
    EXPECT_NE(option.error().hint.find("io.katacontainers.volume="), std::string::npos);
  }
}

// A volume with `members` and a dm_verity block with a good hash and these sizes.
std::string WithVerity(std::string_view members, std::string_view sizes) {
  return StrCat("{", members, R"(,"dm_verity":{"hashtype":"sha256","hash":")", std::string(64, 'a'),
                R"(",)", sizes, "}}");
}

constexpr std::string_view kRawBlock = R"("volume_type":"image_raw_block","source":"/a")";

std::vector<Payload> Volumes() {
  return {
      {"Whole", std::string(kVolume), kAccepted, kAccepted},
      {"GuestPullOfTheSnapshotter",
       R"({"volume_type":"image_guest_pull","source":"x","image_pull":{"metadata":{}}})", kAccepted,
       kAccepted},
      {"WithoutType", R"({"source":"/a.disk"})", "volume_type: is missing or empty",
       "volume_type: is missing or empty"},
      {"WithEmptyType", R"({"volume_type":"","source":"/a"})", "volume_type: is missing or empty",
       "volume_type: is missing or empty"},
      {"WithNullType", R"({"volume_type":null})", "volume_type: is missing or empty",
       "volume_type: is missing or empty"},
      {"Null", "null", "volume_type: is missing or empty", "volume_type: is missing or empty"},
      {"ExtraOption", std::string(kOption), "volume_type: is missing or empty",
       "volume_type: is missing or empty"},
      {"List", "[]", "is not a JSON object", "is not a JSON object"},
      {"NotJson", "invalid_json", "not JSON", "not JSON"},
      {"NulBehindTheText", std::string("{\"volume_type\":\"newer\"}\0x", 25), "not JSON",
       "not JSON"},
      {"WithUnknownType", R"({"volume_type":"newer"})", kAccepted, "volume_type: is not one that"},
      {"WithUnknownKey", R"({"volume_type":"image_raw_block","source":"/a","new":1})", kAccepted,
       "holds an unknown key"},
      {"WithUnknownKeyInside",
       R"({"volume_type":"image_guest_pull","image_pull":{"metadata":{},"new":1}})", kAccepted,
       "holds an unknown key"},
      {"WithDuplicateKey", R"({"volume_type":"image_raw_block","source":"","source":"/a"})",
       kAccepted, "holds a key twice"},
      {"WithDuplicateMetadata",
       R"({"volume_type":"image_guest_pull","image_pull":{"metadata":{"a":"1","a":"2"}}})",
       kAccepted, "holds a key twice"},
      {"WithWrongType", R"({"volume_type":"image_raw_block","source":["/a"]})",
       "source: is not a string", "source: is not a string"},

      {"ForTheSnapshotterAndGoAlone", R"({"volume_type":"image_raw_block","source":"/a"})",
       kAccepted, kAccepted},
      {"ForKataGoAlone", R"({"volume_type":"image_raw_block"})", kAccepted,
       "source: is missing or empty"},
      {"ForKataGoAloneInTheTestsOfKataTypes", R"({"volume_type":"image_guest_pull"})", kAccepted,
       "image_pull: is missing"},
      {"ForKataRustAlone", R"({"volume_type":"image_guest_pull","source":"x","image_pull":{}})",
       kAccepted, "image_pull: metadata: is missing"},
      {"ForNobody", R"({"volume_type":"image_guest_pull","image_pull":{}})",
       "image_pull: metadata: is missing", "image_pull: metadata: is missing"},
      {"ForNobodyBecauseRustReadsNoNull",
       R"({"volume_type":"image_guest_pull","source":"x","image_pull":{"metadata":null}})",
       "image_pull: metadata: is missing", "image_pull: metadata: is missing"},
      {"ForNobodyBecauseRustReadsNoDuplicate",
       R"({"volume_type":"image_guest_pull","source":"y","source":"x","image_pull":{}})",
       "image_pull: metadata: is missing", "holds a key twice"},
      {"ForNobodyBecauseRustFoldsNoKeys",
       R"({"volume_type":"image_guest_pull","SOURCE":"x","image_pull":{}})",
       "image_pull: metadata: is missing", "holds a key in the wrong case"},

      {"WithVerity",
       WithVerity(kRawBlock, R"("blocknum":2361,"blocksize":512,"hashsize":4096,"offset":1212416)"),
       kAccepted, kAccepted},
      {"WithUnalignedVerity",
       WithVerity(kRawBlock, R"("blocknum":2361,"blocksize":512,"hashsize":4096,"offset":1212417)"),
       "dm_verity: offset: is not a multiple", "dm_verity: offset: is not a multiple"},
      {"WithVerityOfOddDataBlocks",
       WithVerity(kRawBlock, R"("blocknum":1,"blocksize":3000,"hashsize":512,"offset":3072)"),
       kAccepted, "dm_verity: blocksize: is not a power of two"},
      {"WithVerityOfOddHashBlocks",
       WithVerity(kRawBlock, R"("blocknum":1,"blocksize":512,"hashsize":3000,"offset":3000)"),
       kAccepted, "dm_verity: hashsize: is not a power of two"},
      {"WithInvalidVerityThatNoValidatorOfTheTypeReads",
       WithVerity(R"("volume_type":"layer_nydus_fs","source":"/a","nydus_image":{"config":"c"})",
                  R"("blocknum":0,"blocksize":512,"hashsize":512,"offset":512)"),
       "dm_verity: blocknum: is not from 1", "dm_verity: blocknum: is not from 1"},
      {"WithInvalidVerityInAnUnknownType",
       WithVerity(R"("volume_type":"newer")",
                  R"("blocknum":0,"blocksize":512,"hashsize":512,"offset":512)"),
       "dm_verity: blocknum: is not from 1", "dm_verity: blocknum: is not from 1"},
      {"WithEmptyVerity", R"({"volume_type":"image_raw_block","source":"/a","dm_verity":{}})",
       "dm_verity: hashtype: is neither", "dm_verity: hashtype: is neither"},
      {"WithNullVerity", R"({"volume_type":"image_raw_block","source":"/a","dm_verity":null})",
       kAccepted, kAccepted},
      {"WithUnknownKeyInVerity",
       WithVerity(kRawBlock, R"("new":1,"blocknum":1,"blocksize":512,"hashsize":512,"offset":512)"),
       kAccepted, "holds an unknown key"},
  };
}

class PayloadPolicyVolume : public testing::TestWithParam<Payload> {};

TEST_P(PayloadPolicyVolume, Compatible) {
  ExpectVerdict(CheckKataVolume(EncodeBase64(GetParam().json), kCompatible), GetParam().compatible);
}

TEST_P(PayloadPolicyVolume, Strict) {
  ExpectVerdict(CheckKataVolume(EncodeBase64(GetParam().json), kStrict), GetParam().strict);
}

INSTANTIATE_TEST_SUITE_P(KataVolume, PayloadPolicyVolume, testing::ValuesIn(Volumes()),
                         NameOfCase());

struct NamedRefusal {
  const char* name;
  std::string json;
  const char* message;
};

// Refused whatever the policy, because the programs that read on would disagree about the meaning.
std::vector<NamedRefusal> NamedRefusals() {
  return {
      {"InvalidUtf8", "{\"volume_type\":\"\xFF\",\"source\":\"\xFF\"}", "invalid UTF-8"},
      {"UnpairedHighSurrogate", R"({"volume_type":"\ud800","source":"s"})", "unpaired surrogate"},
      {"UnpairedLowSurrogate", R"({"volume_type":"\udc00","source":"s"})", "unpaired surrogate"},
      {"NestedOver32",
       StrCat(R"({"volume_type":"newer","new":)", std::string(32, '['), std::string(32, ']'), "}"),
       "nested deeper than 32 levels"},
  };
}

class PayloadPolicyRefusal : public testing::TestWithParam<NamedRefusal> {};

TEST_P(PayloadPolicyRefusal, IsByNameForBothPoliciesAndOptions) {
  const std::string text = EncodeBase64(GetParam().json);
  for (const PayloadPolicy policy : kBothPolicies) {
    EXPECT_THAT(CheckKataVolume(text, policy), HasError(ErrorKind::kUsage, GetParam().message));
    EXPECT_THAT(CheckExtraOption(text, policy), HasError(ErrorKind::kUsage, GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(Payload, PayloadPolicyRefusal, testing::ValuesIn(NamedRefusals()),
                         NameOfCase());

TEST(PayloadPolicy, CompatibleReads32Levels) {
  const std::string json =
      StrCat(R"({"volume_type":"newer","new":)", std::string(31, '['), std::string(31, ']'), "}");
  EXPECT_THAT(CheckKataVolume(EncodeBase64(json), kCompatible), IsOk());
}

}  // namespace
}  // namespace nydus
