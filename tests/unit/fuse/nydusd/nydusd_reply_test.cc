// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/nydusd_reply.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// As nydusd 2.2.0 wrote it, with a configuration that holds a credential.
constexpr char kInformation[] =
    R"({"version":{"package_ver":"v2.2.0","git_commit":"x","build_time":"y","profile":"release",)"
    R"("rustc":"rustc"},"id":"d1","supervisor":null,"state":"RUNNING","backend_collection":{)"
    R"("/rafs/a/lowerdir":{"backend_type":"Rafs","mountpoint":"/rafs/a/lowerdir",)"
    R"("mounted_time":"now","config":{"version":2,"backend":{"s3":{"secret":"Pa55w0rd"}}}},)"
    R"("/containers":{"backend_type":"PassthroughFs","mountpoint":"/containers",)"
    R"("mounted_time":"now","config":null}}})";

TEST(NydusdInformation, IsReadFromTheDaemonsAnswer) {
  const Result<NydusdInformation> information = ParseNydusdInformation(kInformation);
  ASSERT_THAT(information, IsOk());
  EXPECT_EQ(information->version, "v2.2.0");
  EXPECT_EQ(information->id, "d1");
  EXPECT_EQ(information->state, kNydusdRunning);
  EXPECT_THAT(information->mounts,
              ElementsAre(NydusdMountEntry{.mount_point = "/containers", .type = "PassthroughFs"},
                          NydusdMountEntry{.mount_point = "/rafs/a/lowerdir", .type = "Rafs"}));
}

TEST(NydusdInformation, FindsAMountByItsWholePath) {
  const Result<NydusdInformation> information = ParseNydusdInformation(kInformation);
  ASSERT_THAT(information, IsOk());
  ASSERT_NE(information->FindMount("/containers"), nullptr);
  EXPECT_EQ(information->FindMount("/containers")->type, "PassthroughFs");
  EXPECT_EQ(information->FindMount("/rafs/a"), nullptr);
}

TEST(NydusdInformation, MayBeOfADaemonWithoutIdAndMounts) {
  const Result<NydusdInformation> information = ParseNydusdInformation(
      R"({"version":{},"id":null,"state":"INIT","backend_collection":null})");
  ASSERT_THAT(information, IsOk());
  EXPECT_EQ(*information, (NydusdInformation{.state = "INIT"}));
}

struct Text {
  const char* name;
  std::string text;
  const char* error;
};

const Text kBadInformation[] = {
    {"Empty", "", "nydusd's answer: "},
    {"NoJson", "Resource temporarily unavailable (os error 11)", "nydusd's answer: "},
    {"NoObject", "[]", "is not a JSON object"},
    {"NoState", R"({"version":{},"backend_collection":{}})", "state: is missing"},
    {"NoVersion", R"({"state":"RUNNING","backend_collection":{}})", "version: is missing"},
    // Else a daemon whose list is not understood would seem to serve nothing.
    {"NoMounts", R"({"version":{},"state":"RUNNING"})", "backend_collection: is missing"},
    {"MountsAreAList", R"({"version":{},"state":"","backend_collection":[]})",
     "backend_collection: is not a JSON object"},
    {"MountWithoutType", R"({"version":{},"state":"","backend_collection":{"/a":{}}})",
     "backend_collection: backend_type: is missing"},
    {"StateIsANumber", R"({"version":{},"state":1,"backend_collection":{}})",
     "state: is not a string"},
    {"StateTwice", R"({"version":{},"state":"","state":"","backend_collection":{}})",
     "state: is given twice"},
    {"KeyInAnotherCase", R"({"version":{},"State":"","backend_collection":{}})",
     "state: is missing"},
};

class BadInformation : public testing::TestWithParam<Text> {};

TEST_P(BadInformation, IsAnErrorOfTheSystem) {
  EXPECT_THAT(ParseNydusdInformation(GetParam().text),
              HasError(ErrorKind::kSystem, GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(NydusdReply, BadInformation, testing::ValuesIn(kBadInformation),
                         NameOfCase());

TEST(NydusdError, IsTheMessageOfTheDaemonsErrorBody) {
  EXPECT_EQ(ParseNydusdError(R"json({"code":"UNDEFINED","message":"Mount(\"x\")"})json"),
            "Mount(\"x\")");
}

TEST(NydusdError, IsNothingWhereTheHttpServerAnswered) {
  for (const char* text :
       {"", "Resource temporarily unavailable (os error 11)", R"({ "error": "Too many" })",
        "{ \"error\": \"Invalid\nAll previous unanswered requests will be dropped.\" }",
        R"({"message":1})", "[]"}) {
    EXPECT_EQ(ParseNydusdError(text), std::nullopt) << text;
  }
}

TEST(NydusdError, HasAHintWhereTheTextIsKnown) {
  EXPECT_THAT(
      std::string(HintForNydusdError(
          R"text(Mount(MountFilesystem(Other("object or filesystem already exists"))))text")),
      HasSubstr("mounted already"));
  EXPECT_THAT(std::string(HintForNydusdError("Mount(PathWalk)")), IsEmpty());
}

}  // namespace
}  // namespace nydus
