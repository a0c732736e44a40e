// SPDX-License-Identifier: Apache-2.0
#include "ctl/rootfs_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kSecret = "hunter2";

std::string ExtraOptionWord(std::string_view source = "/image.boot") {
  return StrCat("extraoption=",
                EncodeBase64(FormatExtraOption({.source = std::string(source),
                                                .config = StrCat(R"({"auth":")", kSecret, R"("})"),
                                                .snapshot_dir = "/snapshots/4",
                                                .fs_version = "v6"})));
}

std::string VolumeWord() {
  return StrCat("io.katacontainers.volume=",
                EncodeBase64(R"({"volume_type":"image_guest_pull","source":"r/i",
                                 "image_pull":{"metadata":{}}})"));
}

MountRequest Parse(const std::string& options) {
  const auto request = ParseMountRequest(
      {.target = "/t", .options = StrCat("nydus.mode=kata,nydus.container=c1,", options)});
  EXPECT_THAT(request, IsOk());
  return request.value_or(MountRequest());
}

Result<RootfsRequest> Make(const std::string& options, const Configuration& configuration = {}) {
  return MakeRootfsRequest(Parse(options), configuration);
}

TEST(RootfsRequestMaking, TakesWhatTheOptionsSay) {
  const auto rootfs = Make(StrCat("rw,dev,suid,lowerdir=/a:/b,upperdir=/s/4/fs,workdir=/s/4/work,",
                                  ExtraOptionWord(),
                                  ",nydus.sandbox=s1,nydus.apisock=/run/a.sock,nydus.layout=rs"));
  ASSERT_THAT(rootfs, IsOk());
  EXPECT_EQ(rootfs->sandbox, "s1");
  EXPECT_EQ(rootfs->container, "c1");
  ASSERT_TRUE(rootfs->image);
  EXPECT_EQ(rootfs->image->source, "/image.boot");
  EXPECT_THAT(rootfs->volumes, IsEmpty());
  EXPECT_EQ(rootfs->target, "");
  EXPECT_EQ(rootfs->upper_directory, "/s/4/fs");
  EXPECT_EQ(rootfs->work_directory, "/s/4/work");
  EXPECT_THAT(rootfs->snapshot_roots, IsEmpty());
  EXPECT_EQ(rootfs->layout, ShareLayout::kRust);
  EXPECT_EQ(rootfs->api_socket, "/run/a.sock");
}

TEST(RootfsRequestMaking, TheConfigurationFillsWhatIsLeftOut) {
  const auto rootfs = Make(ExtraOptionWord(), {.sandbox = "s9",
                                               .api_socket = "/run/b.sock",
                                               .layout = "go",
                                               .snapshot_roots = {"/snapshots"}});
  ASSERT_THAT(rootfs, IsOk());
  EXPECT_EQ(rootfs->sandbox, "s9");
  EXPECT_EQ(rootfs->default_api_socket, "/run/b.sock");
  EXPECT_EQ(rootfs->default_layout, ShareLayout::kGo);
  EXPECT_THAT(rootfs->snapshot_roots, ElementsAre("/snapshots"));
}

TEST(RootfsRequestMaking, OptionsWinOverTheConfiguration) {
  const auto rootfs =
      Make(StrCat(ExtraOptionWord(), ",nydus.sandbox=s1,nydus.apisock=/run/a.sock,nydus.layout=rs"),
           {.sandbox = "s9", .api_socket = "/run/b.sock", .layout = "go"});
  ASSERT_THAT(rootfs, IsOk());
  EXPECT_EQ(rootfs->sandbox, "s1");
  EXPECT_EQ(rootfs->api_socket, "/run/a.sock");
  EXPECT_EQ(rootfs->layout, ShareLayout::kRust);
}

TEST(RootfsRequestMaking, TheConfiguredSocketIsThatOfTheConfiguredSandbox) {
  const std::string other = StrCat(ExtraOptionWord(), ",nydus.sandbox=s1");
  const auto socket = [&](std::string sandbox) {
    return Make(other, {.sandbox = std::move(sandbox), .api_socket = "/run/b.sock"})
        ->default_api_socket;
  };
  EXPECT_EQ(socket("s9"), "");
  EXPECT_EQ(socket("s1"), "/run/b.sock");
  EXPECT_EQ(socket(""), "/run/b.sock");
}

TEST(RootfsRequestMaking, OnlyWhatTheOptionsNameIsExpectedOfASandbox) {
  const Configuration configuration{.sandbox = "s1", .api_socket = "/run/b.sock", .layout = "rs"};
  const auto plain = Make(StrCat(ExtraOptionWord(), ",nydus.sandbox=s1"), configuration);
  ASSERT_THAT(plain, IsOk());
  EXPECT_EQ(plain->layout, std::nullopt);
  EXPECT_EQ(plain->api_socket, "");
  EXPECT_EQ(plain->default_layout, ShareLayout::kRust);
  const auto named =
      Make(StrCat(ExtraOptionWord(), ",nydus.sandbox=s1,nydus.layout=go"), configuration);
  ASSERT_THAT(named, IsOk());
  EXPECT_EQ(named->layout, ShareLayout::kGo);
}

TEST(RootfsRequestMaking, NoSandboxNamesBothPlacesForOne) {
  const auto rootfs = Make(ExtraOptionWord());
  ASSERT_THAT(rootfs, HasError(ErrorKind::kUsage, "needs nydus.sandbox="));
  EXPECT_THAT(rootfs.error().hint, HasSubstr("/etc/nydus-overlayfs/config.toml"));
}

TEST(RootfsRequestMaking, NoPayloadIsAnError) {
  EXPECT_THAT(Make("nydus.sandbox=s1,lowerdir=/a:/b"),
              HasError(ErrorKind::kUsage, "needs extraoption= or io.katacontainers.volume="));
}

TEST(RootfsRequestMaking, OfSeveralExtraOptionsTheLastCounts) {
  const auto rootfs =
      Make(StrCat("nydus.sandbox=s1,", ExtraOptionWord("/first"), ",", ExtraOptionWord("/last")));
  ASSERT_THAT(rootfs, IsOk());
  EXPECT_EQ(rootfs->image->source, "/last");
}

TEST(RootfsRequestMaking, VolumesAreDecoded) {
  const auto rootfs = Make(StrCat("nydus.sandbox=s1,", VolumeWord()));
  ASSERT_THAT(rootfs, IsOk());
  EXPECT_FALSE(rootfs->image);
  EXPECT_THAT(rootfs->volumes, ElementsAre(Field(&KataVolume::volume_type, "image_guest_pull")));
}

TEST(RootfsRequestMaking, BrokenPayloadsAreErrorsWhateverThePolicySays) {
  EXPECT_THAT(Make("nydus.sandbox=s1,extraoption=!!"),
              HasError(ErrorKind::kUsage, "extraoption: "));
  EXPECT_THAT(Make(StrCat("nydus.sandbox=s1,nydus.payload=ignore,", ExtraOptionWord())),
              HasError(ErrorKind::kUsage, "nydus.payload=ignore"));
  EXPECT_THAT(Make(StrCat("nydus.sandbox=s1,nydus.payload=strict,", ExtraOptionWord(), ",",
                          ExtraOptionWord())),
              HasError(ErrorKind::kUsage, "given twice"));
}

TEST(RootfsRequestMaking, WordsForAMountOfThisHostAreErrorsThatNameThem) {
  const std::string rest = StrCat(",nydus.sandbox=s1,", ExtraOptionWord());
  for (const char* word : {"ro", "nosuid", "nodev", "noexec", "noatime", "strictatime", "sync",
                           "remount", "shared", "rprivate"}) {
    EXPECT_THAT(Make(word + rest),
                HasError(ErrorKind::kUsage, StrCat("option '", word, "' means nothing")))
        << word;
  }
}

TEST(RootfsRequestMaking, WordsThatStateWhatHoldsAnywayPass) {
  for (const char* words : {"rw", "ro,rw", "suid,dev,exec", "relatime", "defaults,nofail"}) {
    EXPECT_THAT(Make(StrCat(words, ",nydus.sandbox=s1,", ExtraOptionWord())), IsOk()) << words;
  }
}

TEST(RootfsRequestText, SaysWhatIsHandedOverAndWhatIsLeftOut) {
  const MountRequest request =
      Parse(StrCat("lowerdir=/a:/b,volatile,upperdir=/s/fs,workdir=/s/work,nydus.sandbox=s1,",
                   "nydus.apisock=/run/a.sock,nydus.layout=rs,", ExtraOptionWord()));
  const auto rootfs = MakeRootfsRequest(request, {});
  ASSERT_THAT(rootfs, IsOk());
  EXPECT_THAT(DescribeRootfsRequest(*rootfs, request),
              ElementsAre("hand over container 'c1' to sandbox 's1': an image for nydusd",
                          "nydusd '/run/a.sock'", "layout rs", "upper '/s/fs'", "work '/s/work'",
                          "left out: 'lowerdir', 'volatile'"));
}

TEST(RootfsRequestText, HoldsNoByteOfAPayload) {
  const MountRequest request =
      Parse(StrCat("nydus.sandbox=s1,", ExtraOptionWord(), ",", VolumeWord()));
  const auto rootfs = MakeRootfsRequest(request, {});
  ASSERT_THAT(rootfs, IsOk());
  const std::vector<std::string> lines = DescribeRootfsRequest(*rootfs, request);
  EXPECT_THAT(lines, ElementsAre(HasSubstr("1 volume")));
  for (const std::string& line : lines) {
    EXPECT_THAT(line, Not(HasSubstr("image.boot")));
    EXPECT_THAT(line, Not(HasSubstr("/snapshots")));
    EXPECT_THAT(line, Not(HasSubstr("r/i")));
  }
}

}  // namespace
}  // namespace nydus
