// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/nydusd_settings.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;

constexpr char kVhost[] = "nydusd sock path is invalid: ";
constexpr char kApi[] = "nydusd api sock path is invalid: ";
constexpr char kProgram[] = "nydusd daemon path is invalid: ";
constexpr char kShare[] = "nydusd resource path is invalid: ";

std::string Text(std::string_view complaint, std::string_view why) {
  return std::string(complaint) + std::string(why);
}

class NydusdSettingsTest : public testing::Test {
 protected:
  NydusdSettingsTest() {
    settings_ = {.program = "/bin/sh",
                 .vhost_socket = directory_.PathOf("vhost.sock"),
                 .api_socket = directory_.PathOf("api.sock"),
                 .share_directory = directory_.path(),
                 .log_file = directory_.PathOf("nydusd.log"),
                 .extra_arguments = {}};
  }

  void ExpectInvalid(const std::string& part) const {
    EXPECT_THAT(ValidateNydusd(settings_), HasError(ErrorKind::kUsage, part));
  }

  TempDir directory_;
  NydusdSettings settings_;
};

using ValidateNydusdTest = NydusdSettingsTest;

TEST_F(ValidateNydusdTest, AcceptsWhatIsRight) {
  EXPECT_THAT(ValidateNydusd(settings_), IsOk());
}

// Kata: src/runtime/virtcontainers/nydusd.go, valid(), and its tests.
TEST_F(ValidateNydusdTest, LooksAtThePathsInKatasOrder) {
  settings_ = {};
  ExpectInvalid(Text(kVhost, "it is empty"));
  settings_.vhost_socket = directory_.PathOf("vhost.sock");
  ExpectInvalid(Text(kApi, "it is empty"));
  settings_.api_socket = directory_.PathOf("api.sock");
  ExpectInvalid(Text(kProgram, "it is empty"));
  settings_.program = "/bin/sh";
  ExpectInvalid(Text(kShare, "it is empty"));
}

TEST_F(ValidateNydusdTest, WantsTheDirectoryOfEachPath) {
  const std::string nowhere = directory_.PathOf("missing/name");
  for (auto [path, complaint] :
       {std::pair(&NydusdSettings::vhost_socket, kVhost),
        std::pair(&NydusdSettings::api_socket, kApi), std::pair(&NydusdSettings::program, kProgram),
        std::pair(&NydusdSettings::share_directory, kShare)}) {
    NydusdSettings settings = settings_;
    settings.*path = nowhere;
    EXPECT_THAT(ValidateNydusd(settings),
                HasError(ErrorKind::kUsage,
                         Text(complaint, "'" + directory_.PathOf("missing") + "': No such file")));
  }
}

TEST_F(ValidateNydusdTest, LooksAtKatasChecksBeforeItsOwn) {
  settings_.vhost_socket = directory_.PathOf(std::string(200, 'x'));
  settings_.share_directory.clear();
  ExpectInvalid(kShare);
}

TEST_F(ValidateNydusdTest, WantsAbsolutePaths) {
  settings_.program = "nydusd";
  ExpectInvalid(Text(kProgram, "'nydusd' is not absolute"));
}

TEST_F(ValidateNydusdTest, KnowsHowLongASocketsPathMayBe) {
  const std::size_t room = kMaxSocketPathBytes - directory_.path().size() - 1;
  settings_.vhost_socket = directory_.PathOf(std::string(room, 'x'));
  EXPECT_THAT(ValidateNydusd(settings_), IsOk());
  settings_.vhost_socket += 'x';
  ExpectInvalid("has 108 bytes, a socket's path has at most 107");
}

TEST_F(ValidateNydusdTest, WantsTwoSockets) {
  settings_.vhost_socket = settings_.api_socket;
  ExpectInvalid(Text(kApi, "both sockets have the same path"));
}

TEST_F(ValidateNydusdTest, RefusesADirectoryOfSocketsThatOthersCanWrite) {
  ASSERT_EQ(chmod(directory_.path().c_str(), 0770), 0);
  ExpectInvalid(Text(kVhost, "others can write the directory"));
  ASSERT_EQ(chmod(directory_.path().c_str(), 01777), 0);
  ExpectInvalid(Text(kVhost, "others can write the directory"));
}

TEST_F(ValidateNydusdTest, WantsAProgramThatCanBeExecuted) {
  settings_.program = directory_.PathOf("missing");
  ExpectInvalid(Text(kProgram, "'" + settings_.program + "': No such file"));
  settings_.program = directory_.path();
  ExpectInvalid("is not a regular file");
  settings_.program = directory_.Write("text", "");
  ExpectInvalid("Permission denied");
}

TEST_F(ValidateNydusdTest, WantsADirectoryToShare) {
  settings_.share_directory = directory_.Write("file", "");
  ExpectInvalid(Text(kShare, "'" + settings_.share_directory + "' is not a directory"));
  settings_.share_directory = directory_.PathOf("missing");
  ExpectInvalid(kShare);
}

// nydusd gives it one otherwise.
TEST_F(ValidateNydusdTest, WantsALogFileWithAnExtension) {
  settings_.log_file = directory_.PathOf("nydusd");
  ExpectInvalid("has no extension");
  settings_.log_file = "nydusd.log";
  ExpectInvalid("is not absolute");
}

TEST_F(ValidateNydusdTest, RefusesArgumentsThatAreSetHere) {
  for (const char* word :
       {"--sock", "--sock=/x", "--apisock", "-A", "-A/x", "--log-file=/x", "-L", "--log-level",
        "-linfo", "--supervisor=/x", "--upgrade", "--id", "--hybrid-mode"}) {
    settings_.extra_arguments = {"--prefetch-files", "/list", word};
    EXPECT_THAT(ValidateNydusd(settings_), HasError(ErrorKind::kUsage, "is not accepted: "))
        << word;
  }
}

TEST_F(ValidateNydusdTest, AcceptsOtherArguments) {
  settings_.extra_arguments = {"--log-rotation-size=1", "-D", "/x", "--socket", "sock", "-"};
  EXPECT_THAT(ValidateNydusd(settings_), IsOk());
}

TEST_F(ValidateNydusdTest, LimitsTheNumberOfArguments) {
  settings_.extra_arguments.assign(kMaxExtraArguments, "x");
  EXPECT_THAT(ValidateNydusd(settings_), IsOk());
  settings_.extra_arguments.emplace_back("x");
  ExpectInvalid("65 arguments");
}

using NydusdArgumentsTest = NydusdSettingsTest;

TEST_F(NydusdArgumentsTest, AreKatasAndTheLogFile) {
  settings_.extra_arguments = {"--rlimit-nofile=0", "last"};
  EXPECT_THAT(NydusdArguments(settings_),
              ElementsAre("virtiofs", "--log-level", "info", "--apisock", settings_.api_socket,
                          "--sock", settings_.vhost_socket, "--log-file", settings_.log_file,
                          "--rlimit-nofile=0", "last"));
}

TEST_F(NydusdArgumentsTest, AskForMoreOfTheLog) {
  settings_.debug = true;
  EXPECT_EQ(NydusdArguments(settings_)[2], "debug");
}

bool CanRaiseDescriptorLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kNydusds = 1'000'000;
  const rlimit raised = {.rlim_cur = limit.rlim_cur, .rlim_max = kNydusds};
  if (limit.rlim_max >= kNydusds) return true;
  const bool could = setrlimit(RLIMIT_NOFILE, &raised) == 0;
  setrlimit(RLIMIT_NOFILE, &limit);
  return could;
}

TEST_F(NydusdArgumentsTest, LeaveTheDescriptorLimitWhereItCannotBeRaised) {
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  const auto arguments = NydusdArguments(settings_);
  EXPECT_EQ(testing::Value(arguments, Contains("--rlimit-nofile")), !CanRaiseDescriptorLimit());
  rlimit after = {};
  getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(before.rlim_cur, after.rlim_cur);
  EXPECT_EQ(before.rlim_max, after.rlim_max);
}

TEST(NydusdArguments, NameTheApiSocketInEachWayThatNydusdTakes) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(ApiSocketIn(Words{"nydusd", "virtiofs", "--apisock", "/a", "--sock", "/b"}), "/a");
  EXPECT_EQ(ApiSocketIn(Words{"nydusd", "--sock=/b", "--apisock=/a"}), "/a");
  EXPECT_EQ(ApiSocketIn(Words{"nydusd", "-A", "a.sock"}), "a.sock");
  EXPECT_EQ(ApiSocketIn(Words{"nydusd", "-A=/a"}), "/a");
  EXPECT_EQ(ApiSocketIn(Words{"nydusd", "-A/a"}), "/a");
}

TEST(NydusdArguments, NeedNotNameAnApiSocket) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(ApiSocketIn(Words{}), "");
  EXPECT_EQ(ApiSocketIn(Words{"containerd", "--address", "/run/containerd.sock"}), "");
  EXPECT_EQ(ApiSocketIn(Words{"nydusd", "--apisock"}), "");
  EXPECT_EQ(ApiSocketIn(Words{"nydusd", "--apisockets=/a", "a-A"}), "");
}

}  // namespace
}  // namespace nydus
