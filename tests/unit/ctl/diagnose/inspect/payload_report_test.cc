// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/payload_report.h"

#include <map>

#include <gmock/gmock.h>

#include "base/base64.h"
#include "base/text.h"

namespace nydus {
namespace {

constexpr std::string_view kType = "fuse.nydus-overlayfs";
constexpr std::string_view kWholeExtraOption =
    R"({"source":"/b","config":"{}","snapshotdir":"/s","fs_version":"v6"})";
constexpr std::string_view kGuestPull =
    R"({"volume_type":"image_guest_pull","source":"x","image_pull":{"metadata":{}}})";
constexpr std::string_view kRawBlock =
    R"({"volume_type":"image_raw_block","source":"/d","fs_type":"erofs","options":["ro"]})";

Payload ExtraOptionOf(std::string_view json) {
  return {PayloadKind::kExtraOption, EncodeBase64(json)};
}

Payload VolumeOf(std::string_view json) {
  return {PayloadKind::kKataVolume, EncodeBase64(json)};
}

// The judges, and why each refuses; empty if it accepts.
std::map<std::string_view, std::string> Reasons(const Payload& payload) {
  std::map<std::string_view, std::string> reasons;
  const std::vector<PayloadReport> reports = ReportPayloads({payload}, kType);
  for (const Verdict& verdict : reports[0].verdicts) {
    EXPECT_EQ(verdict.accepted, verdict.reason.empty());
    reasons[verdict.judge] = verdict.reason;
  }
  return reasons;
}

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(KataType, IsKnownToGoByItsLastComponent) {
  for (const std::string_view type : {"fuse.nydus-overlayfs", "fuse./usr/local/bin/nydus-overlayfs",
                                      "fuse.nydus-overlayfs-e0a"}) {
    EXPECT_TRUE(KataGoTakesType(type)) << type;
  }
  for (const std::string_view type :
       {"nydus-overlayfs", "nydus", "fuse3.nydus-overlayfs", "fuse.", "overlay", ""}) {
    EXPECT_FALSE(KataGoTakesType(type)) << type;
  }
}

TEST(KataType, IsKnownToRustByItsWholeName) {
  EXPECT_TRUE(KataRustTakesType("fuse.nydus-overlayfs"));
  EXPECT_FALSE(KataRustTakesType("fuse./usr/local/bin/nydus-overlayfs"));
  EXPECT_FALSE(KataRustTakesType("fuse.nydus-overlayfs-e0a"));
}

TEST(PayloadReport, SaysThatAWholeExtraOptionPleasesEverybody) {
  EXPECT_THAT(Reasons(ExtraOptionOf(kWholeExtraOption)),
              UnorderedElementsAre(Pair("Kata, Go", ""), Pair("Kata, Rust", ""),
                                   Pair("helper, compatible", ""), Pair("helper, strict", "")));
}

TEST(PayloadReport, NamesTheRuntimeThatWantsAVersion) {
  const auto reasons =
      Reasons(ExtraOptionOf(R"({"source":"/b","config":"{}","snapshotdir":"/s"})"));
  EXPECT_EQ(reasons.at("Kata, Go"), "");
  EXPECT_EQ(reasons.at("Kata, Rust"), "fs_version: is missing");
  const auto wrong = Reasons(
      ExtraOptionOf(R"({"source":"/b","config":"{}","snapshotdir":"/s","fs_version":"v7"})"));
  EXPECT_EQ(wrong.at("Kata, Rust"), "fs_version: is neither v5 nor v6");
}

TEST(PayloadReport, NamesTheRuntimeThatMindsUnusualBase64) {
  std::string base64 = EncodeBase64(kWholeExtraOption);
  base64.insert(4, "\n");
  const auto reasons = Reasons({PayloadKind::kExtraOption, base64});
  EXPECT_EQ(reasons.at("Kata, Go"), "");
  EXPECT_NE(reasons.at("Kata, Rust"), "");
  EXPECT_NE(reasons.at("helper, strict"), "");
}

TEST(PayloadReport, ShowsTheThreeValidatorsSideBySide) {
  const auto reasons = Reasons(VolumeOf(R"({"volume_type":"direct_block","source":"/d"})"));
  EXPECT_EQ(reasons.at("nydus-snapshotter"), "direct_volume: is missing");
  EXPECT_EQ(reasons.at("Kata, Go"), "");
  EXPECT_EQ(reasons.at("Kata, Rust"), "fs_type: is missing or empty");
  EXPECT_EQ(reasons.at("helper, compatible"), "");
  EXPECT_EQ(reasons.at("helper, strict"), "direct_volume: is missing");
}

TEST(PayloadReport, SaysWhyAPayloadCannotBeRead) {
  const PayloadReport broken = ReportPayloads({{PayloadKind::kExtraOption, "eyJ!"}}, kType)[0];
  EXPECT_NE(broken.problem, "");
  EXPECT_THAT(broken.fields, IsEmpty());
  EXPECT_THAT(broken.verdicts, IsEmpty());
  EXPECT_THAT(ReportPayloads({VolumeOf("hunter2")}, kType)[0].problem,
              testing::HasSubstr("not JSON"));
}

TEST(PayloadReport, RefusesAPayloadBeyondTheLimit) {
  const Payload huge = {PayloadKind::kExtraOption, std::string(2 * kMaxPayloadBytes + 2, 'A')};
  EXPECT_THAT(ReportPayloads({huge}, kType)[0].problem, testing::HasSubstr("longer than"));
}

TEST(PayloadReport, ShowsAVolumeInTheWrongOptionAsAVolume) {
  const PayloadReport report = ReportPayloads({ExtraOptionOf(kGuestPull)}, kType)[0];
  EXPECT_EQ(report.fields[0].value, "image_guest_pull");
  EXPECT_THAT(Reasons(ExtraOptionOf(kGuestPull)).at("helper, compatible"),
              testing::HasSubstr("holds a Kata volume"));
}

std::string EffectOf(const PayloadReport& report, std::string_view program) {
  for (const Use& use : report.uses) {
    if (use.program == program) return use.effect;
  }
  return "nothing";
}

TEST(PayloadUse, OfAnExtraOptionIsTheImage) {
  const auto reports = ReportPayloads({ExtraOptionOf(kWholeExtraOption)}, kType);
  EXPECT_THAT(EffectOf(reports[0], "Kata, Go"), testing::HasSubstr("through nydusd"));
  EXPECT_THAT(EffectOf(reports[0], "Kata, Rust"), testing::HasSubstr("through nydusd"));
}

TEST(PayloadUse, DependsOnTheType) {
  const auto reports =
      ReportPayloads({ExtraOptionOf(kWholeExtraOption)}, "fuse./x/nydus-overlayfs");
  EXPECT_THAT(EffectOf(reports[0], "Kata, Go"), testing::HasSubstr("through nydusd"));
  EXPECT_THAT(EffectOf(reports[0], "Kata, Rust"), testing::HasSubstr("passes over it"));
}

TEST(PayloadUse, OfSeveralExtraOptionsIsTheLastForGoAndNoneForRust) {
  const auto reports =
      ReportPayloads({ExtraOptionOf(kWholeExtraOption), ExtraOptionOf(kWholeExtraOption)}, kType);
  EXPECT_THAT(EffectOf(reports[0], "Kata, Go"), testing::HasSubstr("the last extraoption counts"));
  EXPECT_THAT(EffectOf(reports[1], "Kata, Go"), testing::HasSubstr("through nydusd"));
  EXPECT_THAT(EffectOf(reports[1], "Kata, Rust"), testing::HasSubstr("refuses the mount"));
}

TEST(PayloadUse, OfAnExtraOptionBesideAVolumeIsNone) {
  const auto reports =
      ReportPayloads({ExtraOptionOf(kWholeExtraOption), VolumeOf(kGuestPull)}, kType);
  EXPECT_THAT(EffectOf(reports[0], "Kata, Go"), testing::HasSubstr("comes first"));
}

TEST(PayloadUse, OfARawBlockIsNone) {
  const auto reports = ReportPayloads({VolumeOf(kRawBlock), VolumeOf(kRawBlock)}, kType);
  EXPECT_THAT(EffectOf(reports[0], "Kata, Go"), testing::HasSubstr("drops it"));
  EXPECT_THAT(EffectOf(reports[0], "Kata, Rust"), testing::HasSubstr("refuses the mount"));
  EXPECT_THAT(EffectOf(reports[1], "Kata, Rust"), testing::HasSubstr("the first volume counts"));
}

}  // namespace
}  // namespace nydus
