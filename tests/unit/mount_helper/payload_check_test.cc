// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/payload_check.h"

#include <gmock/gmock.h>

#include "base/base64.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

Payload ExtraOptionPayload(std::string_view json) {
  return {PayloadKind::kExtraOption, EncodeBase64(json)};
}

Payload VolumePayload(std::string_view json) {
  return {PayloadKind::kKataVolume, EncodeBase64(json)};
}

constexpr std::string_view kGoodExtraOption =
    R"({"source":"/b","config":"{}","snapshotdir":"/s","fs_version":"v6"})";
constexpr std::string_view kGoodVolume =
    R"({"volume_type":"image_raw_block","source":"/d","fs_type":"erofs"})";

Result<> Check(std::vector<Payload> payloads, std::optional<PayloadPolicy> policy = {}) {
  MountRequest request;
  request.payloads = std::move(payloads);
  request.policy = policy;
  std::vector<std::string> notes;
  return CheckPayloads(request, notes);
}

TEST(PayloadCheck, PassesWithoutPayloads) {
  EXPECT_THAT(Check({}), IsOk());
}

TEST(PayloadCheck, PassesGoodOnes) {
  EXPECT_THAT(Check({ExtraOptionPayload(kGoodExtraOption), VolumePayload(kGoodVolume)}), IsOk());
}

TEST(PayloadCheck, NamesTheOptionAndTheField) {
  EXPECT_THAT(Check({ExtraOptionPayload(R"({"source":"/b"})")}),
              HasError(ErrorKind::kUsage, "extraoption: config: is missing or empty"));
}

TEST(PayloadCheck, CountsRepeatedOptions) {
  EXPECT_THAT(Check({VolumePayload(kGoodVolume), ExtraOptionPayload(kGoodExtraOption),
                     VolumePayload("{}"), VolumePayload(kGoodVolume)}),
              HasError(ErrorKind::kUsage, "io.katacontainers.volume 2 of 3: volume_type"));
}

TEST(PayloadCheck, DecodesEveryExtraOption) {
  EXPECT_THAT(Check({ExtraOptionPayload("{}"), ExtraOptionPayload(kGoodExtraOption)}),
              HasError(ErrorKind::kUsage, "extraoption 1 of 2"));
}

TEST(PayloadCheck, OnlyStrictRefusesASecondExtraOption) {
  const std::vector<Payload> two = {ExtraOptionPayload(kGoodExtraOption),
                                    ExtraOptionPayload(kGoodExtraOption)};
  EXPECT_THAT(Check(two), IsOk());
  EXPECT_THAT(Check(two, PayloadPolicy::kStrict), HasError(ErrorKind::kUsage, "given twice"));
}

TEST(PayloadCheck, IgnoreDecodesNothing) {
  EXPECT_THAT(Check({{PayloadKind::kExtraOption, "!!!"}}, PayloadPolicy::kIgnore), IsOk());
}

TEST(PayloadDecoding, OfSeveralExtraOptionsTheLastCounts) {
  const auto decoded =
      DecodePayloads({ExtraOptionPayload(R"({"source":"/first","config":"{}","snapshotdir":"/s"})"),
                      ExtraOptionPayload(R"({"source":"/last","config":"{}","snapshotdir":"/s"})")},
                     PayloadPolicy::kCompatible);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->extra_option->source, "/last");
}

TEST(PayloadDecoding, VolumesKeepTheirOrder) {
  const auto decoded = DecodePayloads({VolumePayload(R"({"volume_type":"new","source":"/1"})"),
                                       ExtraOptionPayload(kGoodExtraOption),
                                       VolumePayload(R"({"volume_type":"new","source":"/2"})")},
                                      PayloadPolicy::kCompatible);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_THAT(decoded->volumes, testing::ElementsAre(testing::Field(&KataVolume::source, "/1"),
                                                     testing::Field(&KataVolume::source, "/2")));
}

}  // namespace
}  // namespace nydus
