// SPDX-License-Identifier: Apache-2.0
#include "ctl/inspect_output.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "ctl/diagnose/inspect/mount_text.h"
#include "tests/support/captured_command_lines.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::HasSubstr;
using testing::Not;

// In upper case, so that it is no option's name, and without a byte that escaping would change.
constexpr std::string_view kSecret = "HUNTER2";

InspectionResult InspectText(std::string_view text) {
  const Result<MountTexts> found = FindMounts(text);
  EXPECT_THAT(found, IsOk()) << text;
  InspectionResult result;
  if (!found) return result;
  for (const MountText& mount : found->mounts) {
    result.mounts.push_back(Inspect(mount, {}));
    LookAtPaths(FindPaths(mount), result.mounts.back());
  }
  result.cut = found->cut;
  return result;
}

std::string WithExtraOption(std::string_view json) {
  return StrCat("mount -t fuse.nydus-overlayfs overlay /t -o lowerdir=/a:/b,extraoption=",
                EncodeBase64(json));
}

std::string WithVolume(std::string_view json) {
  return StrCat(
      "mount -t fuse.nydus-overlayfs overlay /t -o lowerdir=/a:/b,"
      "io.katacontainers.volume=",
      EncodeBase64(json));
}

// nydusd's configuration, as text in JSON.
std::string WithConfiguration(std::string_view escaped) {
  return WithExtraOption(
      StrCat(R"({"source":"/b","snapshotdir":"/s","fs_version":"v6","config":")", escaped, "\"}"));
}

// The value of one member of nydusd's backend.
std::string WithBackend(std::string_view member, std::string_view value) {
  return WithConfiguration(StrCat(R"({\"device\":{\"backend\":{\"config\":{\")", member, R"(\":\")",
                                  value, R"(\"}}}})"));
}

// One member of a Kata volume.
std::string WithMember(std::string_view member, std::string_view value) {
  return WithVolume(StrCat("{\"", member, "\":\"", value, "\"}"));
}

std::string WithHash(std::string_view member, std::string_view value) {
  return WithVolume(StrCat(R"({"volume_type":"image_raw_block","source":"/d","dm_verity":{")",
                           member, "\":\"", value, "\"}}"));
}

std::string WithReport(std::string_view options, std::string_view report) {
  return StrCat("mount helper [mount.fuse [overlay /t -o ", options,
                " -t nydus-overlayfs]] failed: \"", report, "\": exit status 32");
}

constexpr std::string_view kOurs = "mount.fuse.nydus-overlayfs: /t: ";

constexpr std::string_view kCall =
    "mount helper [mount.fuse [overlay /t -o lowerdir=/a:/b -t nydus-overlayfs]] failed: ";

struct SecretCase {
  std::string name;
  std::string text;
};

std::vector<SecretCase> SecretCases() {
  return {
      {"Auth",
       WithConfiguration(R"({\"device\":{\"backend\":{\"config\":{\"auth\":\"HUNTER2\"}}}})")},
      {"Token", WithConfiguration(
                    R"({\"device\":{\"backend\":{\"config\":{\"registry_token\":\"HUNTER2\"}}}})")},
      {"AccessKey",
       WithConfiguration(
           R"({\"device\":{\"backend\":{\"config\":{\"access_key_secret\":\"HUNTER2\"}}}})")},
      {"ProxyUrl",
       WithConfiguration(
           R"({\"device\":{\"backend\":{\"config\":{\"proxy\":{\"url\":\"http://u:HUNTER2@h\"}}}}})")},
      {"HostWithUser",
       WithConfiguration(
           R"({\"device\":{\"backend\":{\"config\":{\"host\":\"u:HUNTER2@registry\"}}}})")},
      {"Header",
       WithConfiguration(
           R"({\"device\":{\"backend\":{\"config\":{\"mirrors\":[{\"headers\":{\"Authorization\":\"HUNTER2\"}}]}}}})")},
      {"UnknownKey", WithConfiguration(R"({\"x\":\"HUNTER2\"})")},
      {"KeyItself", WithConfiguration(R"({\"HUNTER2\":1})")},
      {"WrongPlace", WithConfiguration(R"({\"repo\":\"HUNTER2\"})")},
      {"BrokenConfiguration", WithConfiguration(R"({\"auth\":\"HUNTER2\")")},
      {"PlainConfiguration", WithConfiguration("HUNTER2")},
      {"UnknownMember", WithExtraOption(R"({"source":"/b","HUNTER2":"HUNTER2"})")},
      {"WrongType", WithExtraOption(R"({"source":["HUNTER2"],"config":{"a":"HUNTER2"}})")},
      {"BrokenJson", WithExtraOption(R"({"source":"/b","config":"HUNTER2)")},
      {"Metadata",
       WithVolume(
           R"({"volume_type":"image_guest_pull","image_pull":{"metadata":{"containerd.io/snapshot/pullsecret":"HUNTER2","containerd.io/snapshot/pullusername":"HUNTER2","HUNTER2":"HUNTER2"}}})")},
      {"DirectMetadata",
       WithVolume(
           R"({"volume_type":"direct_block","source":"/d","direct_volume":{"metadata":{"key":"HUNTER2"}}})")},
      {"VolumeOption",
       WithVolume(
           R"({"volume_type":"image_guest_pull","options":["containerd.io/snapshot/pullsecret=HUNTER2","HUNTER2","HUNTER2=1"]})")},
      {"VolumeSourceWithUser",
       WithVolume(R"({"volume_type":"image_guest_pull","source":"docker://u:HUNTER2@host/x"})")},
      {"NydusImageConfiguration",
       WithVolume(
           R"({"volume_type":"image_nydus_fs","source":"/b","nydus_image":{"config":"{\"auth\":\"HUNTER2\"}"}})")},
      {"VolumeMember", WithVolume(R"({"volume_type":"x","HUNTER2":{"HUNTER2":["HUNTER2"]}})")},
      {"VolumeInExtraOption",
       WithExtraOption(R"({"volume_type":"x","image_pull":{"metadata":{"a":"HUNTER2"}}})")},
      {"PayloadAlone", R"({"volume_type":"x","options":["HUNTER2"]})"},
      {"BareJson", R"(lowerdir=/a:/b,extraoption={"source":"/b","auth":"HUNTER2",HUNTER2)"},
      {"BareJsonInUnknownOption", R"(lowerdir=/a:/b,x={"auth":"HUNTER2",hunter=HUNTER2})"},
      {"ValueOfUnknownOption", "lowerdir=/a:/b,password=HUNTER2"},
      {"UnknownOption", "lowerdir=/a:/b,HUNTER2"},
      {"UnknownOptionOfABind", "lowerdir=/a,HUNTER2"},
      {"OptionOfOurs", "lowerdir=/a:/b,nydus.HUNTER2=1"},
      {"ValueOfAModeOfOurs", "lowerdir=/a:/b,nydus.x=HUNTER2"},
      {"Comment", "lowerdir=/a:/b,comment=HUNTER2,x-HUNTER2,user=HUNTER2"},
      {"UnclosedQuote", "lowerdir=/a:/b,x=\"HUNTER2"},
      {"Base64WithABadByte", "lowerdir=/a:/b,extraoption=HUNTER2*"},
      {"ErrorOfTheHelper", StrCat(kCall, "\"cannot parse HUNTER2\": exit status 1")},
      {"ErrorThatPosesAsOurs",
       StrCat(kCall, "\"mount.fuse.nydus-overlayfs: extraoption=HUNTER2\": exit status 1")},
      {"ErrorQuotedTwice", R"(failed: "mount helper [mount.fuse [overlay /t -o lowerdir=/a:/b -t )"
                           R"(nydus-overlayfs]] failed: \"HUNTER2: no such device\": signal: x")"},
      {"ErrorOfANativeMount",
       R"(mount source: "overlay", target: "/t", fstype: overlay, flags: 0, )"
       R"(data: "lowerdir=/a:/b,extraoption=HUNTER2", err: HUNTER2: invalid argument)"},
      {"PayloadOptionInWrongCase", "lowerdir=/a:/b,ExtraOption=HUNTER2"},
      {"VolumeInALog",
       R"(encoded {"volume_type":"image_guest_pull","source":"s","x":"HUNTER2"} 7)"},
      {"TableOfFindmnt", "/t overlay fuse.nydus-overlayfs lowerdir=/a:/b,extraoption=HUNTER2"},
      {"JsonOfFindmnt",
       R"({"filesystems":[{"target":"/t","source":"overlay","fstype":"x","options":)"
       R"("lowerdir=/a:/b,extraoption=HUNTER2"}]})"},
      {"ErrorOfExec", StrCat(kCall, "\"\": exec: \"HUNTER2\": permission denied")},
  };
}

// Credentials behind names whose values are shown.
std::vector<SecretCase> SecretsOfHarmlessNames() {
  return {
      {"HostBeginsLikeADigest", WithBackend("host", "https://u:HUNTER2@shanghai.reg.io")},
      {"HostWithSlashInPassword", WithBackend("host", "https://u:HUNTER2/p@reg.io")},
      {"HostWithoutScheme", WithBackend("host", "//u:HUNTER2@h/x")},
      {"HostWithSecondUrl", WithBackend("host", "http://h/http://u:HUNTER2@b")},
      {"HostPercentEncoded", WithBackend("host", "http%3A%2F%2Fu%3AHUNTER2%40h")},
      {"HostWithoutAt", WithBackend("host", "u:HUNTER2")},
      {"RepoWithQuery", WithBackend("repo", "reg.io/?token=HUNTER2")},
      {"RepoWithUser", WithBackend("repo", "u:HUNTER2@h/x")},
      {"DirWithQuery", WithBackend("dir", "/img?access_token=HUNTER2")},
      {"EndpointWithQuery", WithBackend("endpoint", "oss/?Signature=HUNTER2")},
      {"ObjectPrefixWithQuery", WithBackend("object_prefix", "oss/?Signature=HUNTER2")},
      {"BucketNameAsKey", WithBackend("bucket_name", "HUNTER2")},
      {"SchemeAsText", WithBackend("scheme", "HUNTER2")},
      {"SourceWithToken", WithMember("source", "https://h/img?access_token=HUNTER2")},
      {"SourceWithFragment", WithMember("source", "https://h/x#HUNTER2")},
      {"SourceAsHeader", WithMember("source", "Bearer HUNTER2")},
      {"SourceAsPathWithQuery", WithExtraOption(R"({"source":"/x?token=HUNTER2","config":"{}",
          "snapshotdir":"//u:HUNTER2@h","fs_version":"HUNTER2"})")},
      {"FsType", WithMember("fs_type", "HUNTER2")},
      {"VolumeType", WithMember("volume_type", "HUNTER2")},
      {"HashType", WithHash("hashtype", "HUNTER2")},
      {"Hash", WithHash("hash", "HUNTER2")},
      {"Salt", WithHash("salt", "HUNTER2")},
      {"ConfigurationId", WithConfiguration(R"({\"id\":\"HUNTER2\"})")},
      {"DeviceId", WithConfiguration(R"({\"device\":{\"id\":\"/HUNTER2\"}})")},
      {"ConfigurationMode", WithConfiguration(R"({\"mode\":\"HUNTER2\"})")},
      {"LabelWithUser", WithVolume(R"({"volume_type":"image_guest_pull","image_pull":{"metadata":{
          "containerd.io/snapshot/cri.image-ref":"https://u:HUNTER2@h/x",
          "containerd.io/snapshot/cri.layer-digest":"HUNTER2"}}})")},
      {"LabelInAnOption", WithVolume(R"({"volume_type":"image_guest_pull",
          "options":["containerd.io/snapshot/nydus-ref=h/x?token=HUNTER2"]})")},
  };
}

// Credentials in a mount's own words.
std::vector<SecretCase> SecretsOfMounts() {
  const std::string_view mount = "mount -t fuse.nydus-overlayfs ";
  return {
      {"LowerDirectory", "lowerdir=/a:https://u:HUNTER2@h,ro"},
      {"LowerDirectoryAsPath", "lowerdir=/a:/x/http://u:HUNTER2@h/b"},
      {"LowerDirectoryEscaped", R"(lowerdir=/a:/u\:HUNTER2@h)"},
      {"LowerDirectoryAsWord", "lowerdir=/a:HUNTER2"},
      {"LowerDirectoryWithQuery", "lowerdir=/a:/b?token=HUNTER2"},
      {"OnlyLowerDirectory", "lowerdir=/b?token=HUNTER2"},
      {"LowerDirectoryByDescriptor", "lowerdir=/a:/dev/fd/3?HUNTER2"},
      {"AppendedLayer", "lowerdir=/a:/b,lowerdir+=https://u:HUNTER2@h"},
      {"UpperDirectory", "lowerdir=/a:/b,upperdir=https://u:HUNTER2@h,workdir=/w"},
      {"WorkDirectory", "lowerdir=/a:/b,upperdir=/u,workdir=//u:HUNTER2@h"},
      {"Target", StrCat(mount, "overlay https://u:HUNTER2@h -o lowerdir=/a:/b")},
      {"TargetOfARefusal", StrCat(mount, "overlay //u:HUNTER2@h -o lowerdir=/a,upperdir=/u")},
      {"SourceOfTheMount", StrCat(mount, "https://u:HUNTER2@h /t -o lowerdir=/a:/b")},
      {"Type", "mount -t fuse.nydus-overlayfs?token=HUNTER2 overlay /t -o lowerdir=/a:/b"},
      {"Mode", "lowerdir=/a:/b,nydus.mode=HUNTER2"},
      {"Policy", "lowerdir=/a:/b,nydus.payload=HUNTER2"},
      {"Layout", "lowerdir=/a:/b,nydus.layout=HUNTER2"},
      {"Sandbox", "lowerdir=/a:/b,nydus.sandbox=u:HUNTER2"},
      {"ApiSocket", "lowerdir=/a:/b,nydus.apisock=http://u:HUNTER2@h"},
      {"Context", "lowerdir=/a:/b,context=HUNTER2"},
      {"ErrorThatRepeatsAnOption",
       WithReport(
           "lowerdir=/tmp:/usr,HUNTER2",
           StrCat(kOurs, "mount overlay: the kernel says 'overlay: Unknown parameter 'HUNTER2''"))},
      {"ErrorThatRepeatsAnOptionBare",
       WithReport("lowerdir=/tmp:/usr,HUNTER2", StrCat(kOurs, "unknown HUNTER2"))},
      {"ErrorThatRepeatsTheTarget",
       "mount helper [mount.fuse [overlay //u:HUNTER2@h -o lowerdir=/a:/b -t nydus-overlayfs]] "
       "failed: \"mount.fuse.nydus-overlayfs: //u:HUNTER2@h: is missing\": exit status 32"},
      {"ErrorThatRepeatsALayer",
       WithReport("lowerdir=/tmp:/x?HUNTER2",
                  StrCat(kOurs, "lower directory 2 of 2 '/x?HUNTER2' does not exist"))},
  };
}

class InspectionSecrecy : public testing::TestWithParam<SecretCase> {};

TEST_P(InspectionSecrecy, IsKeptInTextAndJson) {
  const InspectionResult result = InspectText(GetParam().text);
  ASSERT_FALSE(result.mounts.empty());
  const std::string text = InspectionText(result, true);
  EXPECT_THAT(text, Not(HasSubstr(std::string(kSecret))));
  EXPECT_THAT(InspectionJson(result), Not(HasSubstr(std::string(kSecret))));
  EXPECT_THAT(text, HasSubstr("masked"));
}

INSTANTIATE_TEST_SUITE_P(Inspection, InspectionSecrecy, testing::ValuesIn(SecretCases()),
                         NameOfCase());
INSTANTIATE_TEST_SUITE_P(HarmlessName, InspectionSecrecy,
                         testing::ValuesIn(SecretsOfHarmlessNames()), NameOfCase());
INSTANTIATE_TEST_SUITE_P(Mount, InspectionSecrecy, testing::ValuesIn(SecretsOfMounts()),
                         NameOfCase());

TEST(InspectionText, ShowsOurErrorsOfPayloads) {
  for (const std::string_view error :
       {"extraoption: config: is missing or empty",
        "io.katacontainers.volume: dm_verity: hashtype: is neither sha256 nor sha1",
        "extraoption: not base64: a wrong character at byte 0"}) {
    const std::string report = StrCat(kOurs, error);
    const InspectionResult result = InspectText(WithReport("lowerdir=/a:/b", report));
    ASSERT_EQ(result.mounts.size(), 1U);
    EXPECT_EQ(result.mounts[0].report, report);
  }
}

TEST(InspectionText, ShowsNoPayloadInItsOwnForm) {
  for (const CapturedCommandLine& captured : CapturedCommandLines()) {
    const std::string line = StrCat(captured.argv[0], " overlay /t -o ", captured.argv[4]);
    const InspectionResult result = InspectText(line);
    for (const CapturedCommandLine::Payload& payload : captured.payloads) {
      const std::string part = EncodeBase64(payload.json).substr(0, 24);
      EXPECT_THAT(InspectionText(result, false), Not(HasSubstr(part))) << captured.name;
      EXPECT_THAT(InspectionJson(result), Not(HasSubstr(part))) << captured.name;
    }
  }
}

TEST(InspectionText, FitsOnAScreenForEveryCapturedCommandLine) {
  constexpr std::ptrdiff_t kScreenLines = 60;
  for (const CapturedCommandLine& captured : CapturedCommandLines()) {
    const std::string line = StrCat(captured.argv[0], " overlay /t -o ", captured.argv[4]);
    const std::string text = InspectionText(InspectText(line), false);
    EXPECT_LE(std::ranges::count(text, '\n'), kScreenLines) << captured.name;
  }
}

TEST(InspectionText, ShortensLongListsAndSaysSo) {
  std::string options = "lowerdir=/0";
  for (int i = 1; i < 100; ++i) options += StrCat(":/", i);
  const std::string text = InspectionText(InspectText(options), false);
  EXPECT_THAT(text, HasSubstr("more; --json shows all"));
  EXPECT_THAT(text, HasSubstr("... ("));
}

TEST(InspectionText, SaysWhatTheExitStatusMeans) {
  EXPECT_THAT(InspectionText(InspectText(StrCat(kCall, "\"\": exit status 32")), false),
              HasSubstr("32: the mount failed"));
  EXPECT_THAT(InspectionText(InspectText(StrCat(kCall, "\"\": exit status 3")), false),
              HasSubstr("status  3\n"));
  EXPECT_THAT(InspectionJson(InspectText(StrCat(kCall, "\"\": exit status 2"))),
              HasSubstr("\"status_meaning\": \"system error"));
}

TEST(InspectionText, HasNoColourUnlessAsked) {
  const InspectionResult result = InspectText("lowerdir=/a:/b,upperdir=/u");
  EXPECT_THAT(InspectionText(result, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(InspectionText(result, true), HasSubstr("\x1b["));
}

TEST(InspectionText, PrintsNoControlByteOfItsInput) {
  const InspectionResult result = InspectText(
      StrCat("lowerdir=/a\x07:/b\x08,\x01=\x02,", "upperdir=/\xFF,workdir=/w,extraoption=",
             EncodeBase64("{\"source\":\"\\u001b[31m\\u009b\"}")));
  for (const std::string& text : {InspectionText(result, false), InspectionJson(result)}) {
    EXPECT_EQ(std::ranges::count_if(
                  text, [](char c) { return c != '\n' && static_cast<unsigned char>(c) < 0x20; }),
              0)
        << text;
    EXPECT_THAT(text, Not(HasSubstr("\xC2\x9B")));
  }
}

TEST(InspectionText, NumbersSeveralMounts) {
  const std::string text = InspectionText(InspectText("lowerdir=/a:/b\nlowerdir=/c:/d\n"), false);
  EXPECT_THAT(text, testing::StartsWith("1 of 2: list of options\n"));
  EXPECT_THAT(text, HasSubstr("\n2 of 2: list of options\n"));
}

TEST(InspectionText, SaysThatMountsWereLeftOut) {
  InspectionResult result = InspectText("lowerdir=/a:/b");
  result.cut = true;
  EXPECT_THAT(InspectionText(result, false), HasSubstr("holds more mounts"));
}

TEST(InspectionText, OfAnImageIsItsKind) {
  const InspectionResult result{
      .image = RafsDetection{.kind = RafsKind::kBlobWithTail, .tail = "image.boot"}};
  EXPECT_EQ(InspectionText(result, false),
            "Nydus blob with its bootstrap inside, ends with image.boot\n");
}

TEST(InspectionJson, SaysWhatTheTextSays) {
  const auto json = nlohmann::json::parse(InspectionJson(InspectText(WithExtraOption("{}"))));
  const auto& mount = json.at("mounts").at(0);
  EXPECT_EQ(mount.at("type"), "fuse.nydus-overlayfs");
  EXPECT_EQ(mount.at("kata_rust_takes_type"), true);
  EXPECT_EQ(mount.at("bad"), true);
  EXPECT_EQ(mount.at("refusal").at("reason"), "extraoption: source: is missing or empty");
  EXPECT_EQ(mount.at("payloads").at(0).at("verdicts").at(0).at("accepted"), false);
  EXPECT_EQ(json.at("image"), nullptr);
}

}  // namespace
}  // namespace nydus
