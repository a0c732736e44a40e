// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_request.h"

#include <sys/mount.h>

#include <gmock/gmock.h>

#include "mount_helper/mount_plan.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

Result<MountRequest> Parse(std::string options) {
  return ParseMountRequest({.source = "overlay", .target = "/t", .options = std::move(options)});
}

// What overlay would be told.
std::string DataOf(const std::string& options) {
  const Result<MountRequest> request = Parse(options);
  EXPECT_THAT(request, IsOk());
  return request ? FormatMountData(request->data) : "";
}

TEST(MountRequest, EmptySourceBecomesOverlay) {
  EXPECT_EQ(ParseMountRequest({.target = "/t", .options = "lowerdir=/a"})->source, "overlay");
}

TEST(MountRequest, UnknownWordsReachOverlayInOrder) {
  EXPECT_EQ(DataOf("index=off,lowerdir=/a:/b,xino,future=1"),
            "index=off,lowerdir=/a:/b,xino,future=1");
}

TEST(MountRequest, WordsForOthersAreDropped) {
  EXPECT_EQ(
      DataOf("lowerdir=/a:/b,user,user=me,users,nouser,owner,group,auto,noauto,nofail,"
             "_netdev,comment=x,helper=y,uhelper=z,defaults,x-systemd.automount,X-mount.mkdir"),
      "lowerdir=/a:/b");
}

TEST(MountRequest, FlagsAreNoData) {
  const Result<MountRequest> request = Parse("rw,lowerdir=/a:/b,nosuid,dev,suid,nodev");
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(FormatMountData(request->data), "lowerdir=/a:/b");
  EXPECT_EQ(MountFlagBits(request->flags), static_cast<unsigned long>(MS_NODEV));
}

TEST(MountRequest, PayloadsAreTakenOut) {
  const Result<MountRequest> request =
      Parse("lowerdir=/a:/b,extraoption=QQ==,io.katacontainers.volume=Qg==,extraoption=Qw==");
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(FormatMountData(request->data), "lowerdir=/a:/b");
  EXPECT_THAT(request->payloads, testing::ElementsAre(Payload{PayloadKind::kExtraOption, "QQ=="},
                                                      Payload{PayloadKind::kKataVolume, "Qg=="},
                                                      Payload{PayloadKind::kExtraOption, "Qw=="}));
}

TEST(MountRequest, LaterDirectoryReplacesAnEarlierOne) {
  EXPECT_EQ(DataOf("lowerdir=/a,upperdir=/u,lowerdir=/b:/c,workdir=/w,upperdir=/v"),
            "lowerdir=/b:/c,workdir=/w,upperdir=/v");
  EXPECT_EQ(Parse("lowerdir=/a,upperdir=/u,workdir=/w,upperdir=/v")->upper_directory, "/v");
}

TEST(MountRequest, QuotedDirectoryIsEscapedInstead) {
  const Result<MountRequest> request = Parse(R"(lowerdir="/a,b:/c\:d")");
  ASSERT_THAT(request, IsOk());
  EXPECT_THAT(request->layers, testing::ElementsAre(Layer{"/a,b"}, Layer{"/c:d"}));
  EXPECT_EQ(FormatMountData(request->data), R"(lowerdir=/a\,b:/c\:d)");
}

TEST(MountRequest, SecurityContextKeepsItsQuotesForMount2) {
  EXPECT_EQ(DataOf(R"(context="u:r:t:s0:c1,c2",lowerdir=/a)"),
            R"(context="u:r:t:s0:c1,c2",lowerdir=/a)");
  EXPECT_EQ(Parse(R"(context="u:c1,c2",lowerdir=/a)")->data[0].value, "u:c1,c2");
}

TEST(MountRequest, PropagationKeepsItsOrder) {
  EXPECT_THAT(Parse("lowerdir=/a,shared,rslave")->propagation,
              testing::ElementsAre(static_cast<unsigned long>(MS_SHARED),
                                   static_cast<unsigned long>(MS_SLAVE | MS_REC)));
}

TEST(MountMode, IsNativeWhereThereIsALayer) {
  EXPECT_EQ(Parse("lowerdir=/a,extraoption=QQ==")->mode, MountMode::kNative);
  EXPECT_EQ(Parse("io.katacontainers.volume=QQ==")->mode, MountMode::kNative);
  EXPECT_EQ(Parse("lowerdir+=/a,extraoption=QQ==")->mode, MountMode::kNative);
  EXPECT_EQ(Parse("remount,extraoption=QQ==")->mode, MountMode::kNative);
}

TEST(MountMode, IsImageWhereOnlyAPayloadNamesOne) {
  EXPECT_EQ(Parse("extraoption=QQ==")->mode, MountMode::kImage);
  EXPECT_EQ(Parse("nydus.mode=auto,extraoption=QQ==")->mode, MountMode::kImage);
  EXPECT_EQ(Parse("nydus.mode=native,extraoption=QQ==")->mode, MountMode::kNative);
}

TEST(MountMode, KataIsNeverGuessed) {
  EXPECT_EQ(Parse("lowerdir=/a,nydus.mode=kata,nydus.container=c1")->mode, MountMode::kKata);
  EXPECT_THAT(Parse("lowerdir=/a,nydus.mode=kata"),
              HasError(ErrorKind::kUsage, "needs nydus.container="));
}

TEST(MountMode, LastWordWins) {
  EXPECT_EQ(Parse("lowerdir=/a,nydus.mode=image,nydus.mode=auto")->mode, MountMode::kNative);
}

struct BadOption {
  const char* name;
  const char* options;
  const char* message;
};

class RefusedOption : public testing::TestWithParam<BadOption> {};

TEST_P(RefusedOption, IsNamed) {
  EXPECT_THAT(Parse(std::string("lowerdir=/a:/b,") + GetParam().options),
              HasError(ErrorKind::kUsage, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    MountRequest, RefusedOption,
    testing::Values(
        BadOption{"Containerd", "X-containerd.mkdir.path=/x", "'X-containerd.mkdir.path'"},
        BadOption{"Bind", "bind", "'bind'"}, BadOption{"Rbind", "rbind", "'rbind'"},
        BadOption{"Move", "move", "'move'"}, BadOption{"Uidmap", "uidmap=0:1:2", "'uidmap'"},
        BadOption{"Gidmap", "gidmap=0:1:2", "'gidmap'"},
        BadOption{"UnknownOfOurs", "nydus.future=1", "'nydus.future'"},
        BadOption{"Mode", "nydus.mode=guest", "'nydus.mode'"},
        BadOption{"Policy", "nydus.payload=lax", "'nydus.payload'"},
        BadOption{"BarePayload", "extraoption", "'extraoption' needs a value"},
        BadOption{"BareVolume", "io.katacontainers.volume", "needs a value"},
        BadOption{"EmptyUpper", "upperdir=", "'upperdir' needs a value"},
        BadOption{"UpperIsADescriptor", "upperdir=/proc/self/fd/4", "names a descriptor"},
        BadOption{"AppendedLayerIsADescriptor", "lowerdir+=/proc/self/fd/3", "names a descriptor"},
        BadOption{"ContextWithABackslash", "context=a\\\\b", "holds a backslash"},
        BadOption{"HandOverWithoutKata", "nydus.sandbox=s1", "need nydus.mode=kata"},
        BadOption{"ContainerWithASlash", "nydus.container=a/b", "is not an identifier"},
        BadOption{"ContainerThatClimbs", "nydus.container=..", "is not an identifier"},
        BadOption{"EmptyContainer", "nydus.container=", "is not an identifier"},
        BadOption{"RelativeSocket", "nydus.apisock=run/x", "'nydus.apisock'"},
        BadOption{"Layout", "nydus.layout=cpp", "'nydus.layout'"}),
    [](const auto& test) { return test.param.name; });

TEST(MountRequest, LongestIdentifierIs128Bytes) {
  const std::string kata = "lowerdir=/a,nydus.mode=kata,nydus.container=";
  EXPECT_THAT(Parse(kata + std::string(128, 'c')), IsOk());
  EXPECT_THAT(Parse(kata + std::string(129, 'c')), HasError(ErrorKind::kUsage, "identifier"));
}

// {"config":"p,nydus.secret"} in an option string leaves nydus.secret"} among the options.
TEST(MountRequest, BareJsonIsRefusedBeforeItsPiecesAreRead) {
  for (const std::string policy : {"", "nydus.payload=ignore,"}) {
    const auto request = Parse(policy + R"(lowerdir=/a,extraoption= {"config":"p,nydus.secret"})");
    EXPECT_THAT(request, HasError(ErrorKind::kUsage, "bare JSON"));
    EXPECT_THAT(request.error().message, testing::Not(testing::HasSubstr("secret")));
  }
}

TEST(MountRequest, QuotedValueThatEndsInABackslashDoesNotSwallowTheNextWord) {
  EXPECT_EQ(DataOf("lowerdir=\"/a:/b\\\",index=off"), "lowerdir=/a:/b,index=off");
}

TEST(MountRequest, PayloadsAreCounted) {
  std::string options = "lowerdir=/a";
  for (std::size_t i = 0; i <= kMaxLayers; ++i) options += ",io.katacontainers.volume=QQ==";
  EXPECT_THAT(Parse(options), IsOk());
  EXPECT_THAT(Parse(options + ",extraoption=QQ=="), HasError(ErrorKind::kUsage, "more than 501"));
}

}  // namespace
}  // namespace nydus
