// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/inspection.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "base/base64.h"
#include "base/text.h"
#include "ctl/diagnose/inspect/option_report.h"
#include "tests/support/captured_command_lines.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kType = "fuse.nydus-overlayfs";
constexpr std::string_view kWhole =
    R"({"source":"/b","config":"{}","snapshotdir":"/s","fs_version":"v6"})";

Inspection InspectOptions(std::string_view options, std::string_view type = kType) {
  return Inspect({.form = "test",
                  .type = std::string(type),
                  .source = "overlay",
                  .target = "/t",
                  .options = std::string(options)},
                 {});
}

std::string WithPayload(std::string_view json) {
  return StrCat("lowerdir=/a:/b,extraoption=", EncodeBase64(json));
}

const OptionReport& OptionNamed(const Inspection& inspection, std::string_view name) {
  const auto found = std::ranges::find(inspection.options, name, &OptionReport::name);
  EXPECT_NE(found, inspection.options.end()) << name;
  return *found;
}

TEST(Inspection, ShowsThePlanOfTheHelper) {
  const Inspection inspection = InspectOptions("lowerdir=/a:/b,nosuid");
  EXPECT_THAT(inspection.plan, ElementsAre(HasSubstr("overlay 'overlay' on '/t'"), "flags nosuid",
                                           "lower '/a'", "lower '/b'"));
  EXPECT_FALSE(inspection.bad);
}

TEST(Inspection, SaysWhyTheHelperRefuses) {
  const Inspection inspection = InspectOptions("lowerdir=/a:/b,upperdir=/u");
  EXPECT_EQ(inspection.refusal, "upperdir= is given without workdir=");
  EXPECT_THAT(inspection.plan, IsEmpty());
  EXPECT_TRUE(inspection.bad);
}

TEST(Inspection, SaysThatABrokenPayloadIsRefused) {
  const Inspection inspection = InspectOptions(WithPayload(R"({"source":"/b"})"));
  EXPECT_EQ(inspection.refusal, "extraoption: config: is missing or empty");
  EXPECT_TRUE(inspection.bad);
}

TEST(Inspection, FollowsThePolicyOfTheMount) {
  EXPECT_EQ(InspectOptions(StrCat(WithPayload("{}"), ",nydus.payload=ignore")).refusal, "");
  const std::string unknown_key = R"({"source":"/b","config":"{}","snapshotdir":"/s","x":1})";
  EXPECT_EQ(InspectOptions(WithPayload(unknown_key)).refusal, "");
  EXPECT_THAT(InspectOptions(StrCat(WithPayload(unknown_key), ",nydus.payload=strict")).refusal,
              HasSubstr("refused by the strict policy"));
}

TEST(Inspection, SaysWhoElseIsToMount) {
  EXPECT_THAT(InspectOptions(StrCat("extraoption=", EncodeBase64(kWhole))).plan,
              ElementsAre(HasSubstr("mounted on its own")));
  EXPECT_THAT(
      InspectOptions(StrCat(WithPayload(kWhole), ",nydus.mode=kata,nydus.container=c")).plan,
      ElementsAre(HasSubstr("serves it to a guest")));
}

TEST(Inspection, MakesNoPlanForAPayloadAlone) {
  const Inspection inspection = Inspect({.form = "payload",
                                         .is_payload = true,
                                         .options = StrCat("extraoption=", EncodeBase64(kWhole))},
                                        {});
  EXPECT_THAT(inspection.plan, IsEmpty());
  EXPECT_EQ(inspection.refusal, "");
  EXPECT_EQ(inspection.kata_go_takes_type, std::nullopt);
  EXPECT_FALSE(inspection.bad);
}

TEST(Inspection, IsBadIfNobodyAcceptsAPayload) {
  EXPECT_TRUE(Inspect({.is_payload = true, .options = "extraoption=eyI="}, {}).bad);
  EXPECT_TRUE(
      Inspect({.is_payload = true, .options = StrCat("extraoption=", EncodeBase64("{}"))}, {}).bad);
}

TEST(Inspection, ExplainsOptionsFromTheTable) {
  const Inspection inspection =
      InspectOptions("lowerdir=/a:/b,noatime,rslave,x-systemd.automount,bind,index=off");
  EXPECT_EQ(OptionNamed(inspection, "lowerdir").value, "/a:/b");
  EXPECT_THAT(OptionNamed(inspection, "noatime").meaning, HasSubstr("access times"));
  EXPECT_THAT(OptionNamed(inspection, "rslave").meaning, HasSubstr("propagation"));
  EXPECT_THAT(OptionNamed(inspection, "x-systemd.automount").meaning, HasSubstr("dropped"));
  EXPECT_THAT(OptionNamed(inspection, "bind").meaning, HasSubstr("refused: "));
  EXPECT_EQ(OptionNamed(inspection, "index").value, "off");
}

TEST(Inspection, SaysWhichDirectoriesDoNotCount) {
  const Inspection inspection = InspectOptions("lowerdir=/a:/b,lowerdir=/c:/d");
  EXPECT_EQ(inspection.options[0].meaning, "replaced by a later one");
  EXPECT_EQ(inspection.options[1].meaning, "lower directories, top first");
}

TEST(Inspection, HidesValuesOfOptionsThatItDoesNotKnow) {
  const Inspection inspection = InspectOptions("lowerdir=/a:/b,password=hunter2,comment=hunter2");
  EXPECT_EQ(OptionNamed(inspection, "password").value, "(masked, 7 bytes)");
  EXPECT_EQ(OptionNamed(inspection, "comment").value, "(masked, 7 bytes)");
}

TEST(Inspection, HidesWordsThatAreNoNamesInMessagesToo) {
  for (const std::string_view word : {"HUNTER2", "nydus.HUNTER2", "X-containerd.HUNTER2=x"}) {
    const Inspection inspection = InspectOptions(StrCat("lowerdir=/a,", word));
    EXPECT_THAT(inspection.refusal, testing::Not(HasSubstr("HUNTER2"))) << word;
    EXPECT_THAT(inspection.refusal, HasSubstr("masked")) << word;
  }
  const Inspection overlay = InspectOptions("lowerdir=/a:/b,HUNTER2");
  EXPECT_THAT(overlay.plan, Contains("data (masked, 7 bytes)"));
}

TEST(Inspection, PlansNothingBeyondTheLimitOfOptions) {
  std::string options = "lowerdir=/a:/b";
  for (std::size_t i = 1; i < kMaxInspectedOptions; ++i) options += ",ro";
  EXPECT_EQ(InspectOptions(options).refusal, "");
  const Inspection inspection = InspectOptions(options + ",ro");
  EXPECT_EQ(inspection.options.size(), kMaxInspectedOptions);
  EXPECT_EQ(inspection.refusal, "not planned: there are more than 1024 options");
}

TEST(Inspection, PlansNothingBeyondTheLimitOfHiddenTexts) {
  // The value itself is one of them.
  std::string layers;
  for (std::size_t i = 2; i < kMaxHiddenTexts; ++i) layers += "?:";
  EXPECT_THAT(InspectOptions(StrCat("lowerdir=", layers, "?")).refusal, HasSubstr("500 layers"));
  EXPECT_EQ(InspectOptions(StrCat("lowerdir=", layers, "?:?")).refusal,
            "not planned: more than 2048 names and directories are masked");
}

TEST(Inspection, SaysWhereReadingStopped) {
  const Inspection inspection = InspectOptions("lowerdir=/a:/b,x=\"hunter2");
  EXPECT_THAT(inspection.options.back().meaning, HasSubstr("a quote is never closed"));
  EXPECT_EQ(inspection.options.back().name, "");
  EXPECT_TRUE(inspection.bad);
}

TEST(Inspection, RepeatsOurOwnErrorAlone) {
  MountText text{.form = "test", .options = "lowerdir=/a:/b"};
  text.report = "mount.fuse.nydus-overlayfs: /t: lower directory 1 of 2 '/a' does not exist\n";
  EXPECT_EQ(Inspect(text, {}).report,
            "mount.fuse.nydus-overlayfs: /t: lower directory 1 of 2 '/a' does not exist");
  text.report = "nydus-overlayfs: cannot read hunter2";
  EXPECT_EQ(Inspect(text, {}).report, "(masked, 36 bytes)");
  text.report = "mount.fuse.nydus-overlayfs: extraoption=hunter2";
  EXPECT_EQ(Inspect(text, {}).report, "(masked, 47 bytes)");
  text.report = "mount.fuse.nydus-overlayfs: x\nhunter2";
  EXPECT_EQ(Inspect(text, {}).report, "(masked, 37 bytes)");
}

TEST(Inspection, RepeatsNoReportBeyondItsLimit) {
  MountText text{.form = "test", .options = "lowerdir=/a:/b"};
  text.report = "mount.fuse.nydus-overlayfs: ";
  text.report.append(16384 - text.report.size(), 'x');
  EXPECT_EQ(Inspect(text, {}).report, text.report);
  text.report += 'x';
  EXPECT_EQ(Inspect(text, {}).report, "(masked, 16385 bytes)");
}

TEST(InspectionHint, TellsThatMountFuseIsMissing) {
  const MountText text{.form = "test",
                       .options = "lowerdir=/a:/b",
                       .report = "exec: \"mount.fuse\": executable file not found in $PATH"};
  EXPECT_THAT(Inspect(text, {}).hints, Contains(HasSubstr("install fuse3")));
}

TEST(InspectionHint, TellsThatMountFuseIsMissingInTheWordsOfContainerd16) {
  const MountText text{
      .form = "test",
      .options = "lowerdir=/a:/b",
      .report = "mount.fuse resolves to executable in current directory (./mount.fuse)"};
  EXPECT_THAT(Inspect(text, {}).hints, ElementsAre(HasSubstr("install fuse3")));
}

TEST(InspectionHint, TellsThatTheHelperIsMissing) {
  const MountText text{.form = "test",
                       .options = "lowerdir=/a:/b",
                       .report = "/bin/sh: 1: nydus-overlayfs: not found\n",
                       .status = 127};
  EXPECT_THAT(Inspect(text, {}).hints, ElementsAre(HasSubstr("install the helper")));
}

TEST(InspectionHint, TellsThatTheHelperWasKilled) {
  const MountText text{.form = "test", .options = "lowerdir=/a:/b", .status = 139};
  EXPECT_THAT(Inspect(text, {}).hints, ElementsAre(HasSubstr("killed by signal 11")));
}

TEST(InspectionHint, WarnsOfTypesThatAreNotTakenAlike) {
  const std::string options = WithPayload(kWhole);
  EXPECT_THAT(InspectOptions(options, "fuse./opt/nydus-overlayfs").hints,
              ElementsAre(HasSubstr("to their log"), HasSubstr("Rust runtime knows only")));
  EXPECT_THAT(InspectOptions(options, "overlay").hints,
              ElementsAre(HasSubstr("type overlay calls no helper")));
  EXPECT_THAT(InspectOptions(options, "fuse3.nydus-overlayfs").hints,
              ElementsAre(HasSubstr("neither runtime")));
  EXPECT_THAT(InspectOptions(options).hints, IsEmpty());
}

TEST(InspectionHint, WarnsOfOptionsBeyondOneArgument) {
  const std::string huge = StrCat("lowerdir=/a:/b,extraoption=", std::string(131072, 'A'));
  EXPECT_THAT(InspectOptions(huge).hints, Contains(HasSubstr("less than 128 KiB")));
}

TEST(InspectionHint, WarnsOfDataBeyondAPage) {
  std::string options = "lowerdir=/a";
  for (int i = 0; i < 100; ++i) options += StrCat(":/", std::string(50, 'x'), i);
  EXPECT_THAT(InspectOptions(options).hints, Contains(HasSubstr("more than 4096 bytes")));
}

TEST(Inspection, SaysTheRightThingOfEveryCapturedCommandLine) {
  for (const CapturedCommandLine& captured : CapturedCommandLines()) {
    std::string line;
    for (const std::string& word : captured.argv) line += word + " ";
    const Result<MountTexts> found = FindMounts(line);
    ASSERT_THAT(found, IsOk()) << captured.name;
    const Inspection inspection = Inspect(found->mounts[0], {});
    EXPECT_FALSE(inspection.bad) << captured.name << ": " << inspection.refusal;
    EXPECT_FALSE(inspection.plan.empty()) << captured.name;
    ASSERT_EQ(inspection.payloads.size(), captured.payloads.size()) << captured.name;
    for (std::size_t i = 0; i < captured.payloads.size(); ++i) {
      const PayloadReport& payload = inspection.payloads[i];
      EXPECT_EQ(PayloadOptionName(payload.kind), captured.payloads[i].option) << captured.name;
      EXPECT_EQ(payload.problem, "") << captured.name;
      EXPECT_TRUE(std::ranges::all_of(payload.verdicts, &Verdict::accepted)) << captured.name;
      // Nothing in the captured payloads is unknown or a secret.
      EXPECT_TRUE(std::ranges::none_of(payload.fields, &PayloadField::masked)) << captured.name;
    }
  }
}

}  // namespace
}  // namespace nydus
