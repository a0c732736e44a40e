// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/nydusd_client.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/interruption.h"
#include "base/process/process_identity.h"
#include "base/text.h"
#include "fuse/nydusd/api_connection.h"
#include "tests/support/named_cases.h"
#include "tests/support/restored_signals.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/fuse/nydusd/scripted_daemon.h"

namespace nydus {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using Then = ScriptedAnswer::Then;

constexpr std::chrono::milliseconds kPlenty{10'000};
constexpr std::chrono::milliseconds kLittle{200};
constexpr std::chrono::milliseconds kUnsettled{800};
constexpr char kSecret[] = "Pa55w0rd";

// What nydusd 2.2.0 says, and its HTTP server.
constexpr char kRefusal[] =
    R"json({"code":"UNDEFINED","message":"Mount(MountFilesystem(Other(\"invalid configuration\")))"})json";
constexpr char kFault[] = "Resource temporarily unavailable (os error 11)";

ScriptedAnswer Information(std::string_view mounts, std::string_view state = "RUNNING") {
  return WithBody(200, StrCat(R"({"version":{"package_ver":"v2.2.0"},"id":null,"state":")", state,
                              R"(","backend_collection":{)", mounts, "}}"));
}

ScriptedAnswer Serving(std::string_view mount_point) {
  return Information(StrCat("\"", mount_point, R"(":{"backend_type":"Rafs"})"));
}

ScriptedAnswer Idle() {
  return Information("");
}

ScriptedAnswer Silence() {
  return {.bytes = ""};
}

ScriptedAnswer Death() {
  return {.bytes = "", .then = Then::kClose};
}

NydusdMount Image() {
  return {.mount_point = "/rafs/a/lowerdir",
          .type = "rafs",
          .source = "/boot<&>",
          .config = StrCat("{\"auth\": \"", kSecret, "\"}\n")};
}

class NydusdClientTest : public testing::Test {
 protected:
  template <typename Call>
  auto Play(std::vector<ScriptedAnswer> answers, Call call) {
    ScriptedDaemon daemon(path_, std::move(answers));
    auto result = call();
    requests_ = daemon.Requests();
    (void)unlink(path_.c_str());
    return result;
  }

  Result<> Mount(std::vector<ScriptedAnswer> answers, const NydusdMount& mount = Image(),
                 std::chrono::milliseconds time = kPlenty) {
    return Play(std::move(answers), [&] { return client_.Mount(mount, After(time)); });
  }

  Result<bool> Umount(std::vector<ScriptedAnswer> answers) {
    return Play(std::move(answers),
                [&] { return client_.Umount("/rafs/a/lowerdir", After(kPlenty)); });
  }

  TempDir directory_;
  std::string path_ = directory_.PathOf("api.sock");
  NydusdClient client_{path_};
  std::vector<std::string> requests_;
};

TEST_F(NydusdClientTest, KnowsTheDaemonsProcess) {
  const ScriptedDaemon daemon(path_, {});
  const Result<pid_t> pid = client_.Pid(After(kPlenty));
  ASSERT_THAT(pid, IsOk());
  EXPECT_EQ(*pid, getpid());
}

TEST_F(NydusdClientTest, MissesADaemonThatIsNotThere) {
  EXPECT_THAT(client_.Information(After(kPlenty)), HasError(ErrorKind::kSystem, "API socket"));
  EXPECT_THAT(client_.Mount(Image(), After(kPlenty)), HasError(ErrorKind::kSystem, "API socket"));
}

TEST_F(NydusdClientTest, ReadsInformationAgainWhenTheHttpServerFails) {
  const auto read = [&] { return client_.Information(After(kPlenty)); };
  EXPECT_THAT(Play({WithBody(500, kFault), Death(), Serving("/a")}, read), IsOk());
  EXPECT_THAT(Play({WithBody(500, kFault), WithBody(500, kFault), WithBody(500, kFault)}, read),
              HasError(ErrorKind::kMount, kFault));
  EXPECT_THAT(requests_, SizeIs(3));
}

TEST_F(NydusdClientTest, WaitsUntilTheDaemonRuns) {
  const auto wait = [&] { return client_.WaitUntilRunning(After(kPlenty)); };
  const auto information = Play({Death(), Death(), Death(), Information("", "INIT"), Idle()}, wait);
  ASSERT_THAT(information, IsOk());
  EXPECT_EQ(information->state, "RUNNING");
}

TEST_F(NydusdClientTest, SaysWhyTheDaemonDoesNotRunInTime) {
  const std::vector<ScriptedAnswer> never(100, Information("", "INIT"));
  const auto wait = [&] { return client_.WaitUntilRunning(After(5 * kLittle)); };
  EXPECT_THAT(Play(never, wait), HasError(ErrorKind::kMount, ": its state is 'INIT'"));
  EXPECT_THAT(wait(), HasError(ErrorKind::kSystem, "No such file"));
}

TEST_F(NydusdClientTest, DeadlineInMidQuestionDoesNotHideTheStateBefore) {
  const auto wait = [&] { return client_.WaitUntilRunning(After(kLittle)); };
  EXPECT_THAT(Play({Information("", "INIT"), Silence()}, wait),
              HasError(ErrorKind::kMount, ": its state is 'INIT'"));
}

TEST_F(NydusdClientTest, SilentDaemonIsNamed) {
  const auto ask = [&] { return client_.Information(After(kLittle)); };
  const auto information = Play({Silence()}, ask);
  ASSERT_THAT(information, HasError(ErrorKind::kMount, "/api.sock': no time is left"));
  EXPECT_THAT(information.error().hint, HasSubstr("answers nobody while it mounts"));
  EXPECT_FALSE(IsNoDaemon(information.error()));
}

TEST_F(NydusdClientTest, NoDaemonIsToldFromASilentOne) {
  const Result<NydusdInformation> information = client_.Information(After(kPlenty));
  ASSERT_FALSE(information.has_value());
  EXPECT_TRUE(IsNoDaemon(information.error()));
}

TEST_F(NydusdClientTest, SignalThatIsKeptBackEndsTheWait) {
  const RestoredSignals afterwards;
  HoldEndingSignals();
  raise(SIGTERM);
  EXPECT_THAT(client_.WaitUntilRunning(After(kPlenty)),
              HasError(ErrorKind::kSystem, "interrupted"));
}

TEST_F(NydusdClientTest, EndOfTheDaemonsProcessEndsTheWait) {
  const pid_t process = fork();
  if (process == 0) _exit(0);
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  const Deadline deadline = After(kPlenty);
  EXPECT_THAT(client_.WaitUntilRunning(deadline, pidfd.get()),
              HasError(ErrorKind::kSystem, "has ended"));
  EXPECT_GT(TimeLeft(deadline), kPlenty / 2);
  EXPECT_THAT(ReapChild(pidfd.get()), IsOk());
}

TEST_F(NydusdClientTest, DoesNotWaitForASocketThatIsNotToBeTrusted) {
  const std::string file = directory_.Write("file", "");
  EXPECT_THAT(NydusdClient(file).WaitUntilRunning(After(kPlenty)),
              HasError(ErrorKind::kUsage, "is no socket"));
}

// Mount

TEST_F(NydusdClientTest, MountsWithTheConfigurationByteForByte) {
  EXPECT_THAT(Mount({Idle(), NoContent()}), IsOk());
  ASSERT_THAT(requests_, SizeIs(2));
  EXPECT_THAT(requests_[1],
              StartsWith("POST /api/v1/mount?mountpoint=/rafs/a/lowerdir HTTP/1.1\r\n"));
  EXPECT_THAT(requests_[1],
              HasSubstr("\r\n\r\n{\"fs_type\":\"rafs\",\"source\":\"/boot\\u003c\\u0026\\u003e\","
                        "\"config\":\"{\\\"auth\\\": \\\"Pa55w0rd\\\"}\\n\"}"));
}

TEST_F(NydusdClientTest, RefusesWhatCannotBeAskedFor) {
  const auto with = [&](auto&& change) {
    NydusdMount mount = Image();
    change(mount);
    return client_.Mount(mount, After(kPlenty));
  };
  EXPECT_THAT(with([](auto& mount) { mount.mount_point = "/"; }),
              HasError(ErrorKind::kUsage, "mount point '/'"));
  EXPECT_THAT(with([](auto& mount) { mount.mount_point = "/rafs/../lowerdir"; }),
              HasError(ErrorKind::kUsage, "mount point '/rafs/../lowerdir'"));
  EXPECT_THAT(with([](auto& mount) { mount.type = "Rafs"; }),
              HasError(ErrorKind::kUsage, "'Rafs' is neither"));
  EXPECT_THAT(with([](auto& mount) { mount.source = "image.boot"; }),
              HasError(ErrorKind::kUsage, "no absolute path"));
  EXPECT_THAT(with([](auto& mount) { mount.source = "/\xff"; }),
              HasError(ErrorKind::kUsage, "no UTF-8"));
  EXPECT_THAT(with([](auto& mount) { mount.config = "\xff"; }),
              HasError(ErrorKind::kUsage, "no UTF-8"));
  EXPECT_THAT(with([](auto& mount) { mount.mount_point = StrCat("/", std::string(1024, 'a')); }),
              HasError(ErrorKind::kUsage, "first line has"));
  EXPECT_THAT(with([](auto& mount) { mount.config = std::string(kMaxRequestBodyBytes, 'a'); }),
              HasError(ErrorKind::kUsage, "nydusd takes 51200"));
}

TEST(NydusdMountCheck, RepeatsNothingOfSourceAndConfiguration) {
  const auto message = [](auto&& change) {
    NydusdMount mount = Image();
    change(mount);
    return CheckNydusdMount(mount).error().message;
  };
  EXPECT_THAT(message([](auto& mount) { mount.source = kSecret; }), Not(HasSubstr(kSecret)));
  EXPECT_THAT(message([](auto& mount) { mount.source = StrCat("/", kSecret, "\xff"); }),
              Not(HasSubstr(kSecret)));
  EXPECT_THAT(message([](auto& mount) { mount.config = StrCat(kSecret, "\xff"); }),
              Not(HasSubstr(kSecret)));
  EXPECT_THAT(message([](auto& mount) {
                mount.config = StrCat(kSecret, std::string(kMaxRequestBodyBytes, 'a'));
              }),
              Not(HasSubstr(kSecret)));
}

struct Taken {
  const char* name;
  const char* mounted;
  const char* error;  // null: the two do not meet
};

constexpr Taken kTaken[] = {
    {"Same", "/rafs/a/lowerdir", "something is mounted there already"},
    {"SameInOtherWords", "//rafs/./x/../a/lowerdir/", "something is mounted there already"},
    {"Above", "/rafs/a", "lies below '/rafs/a'"},
    {"AboveWithSlash", "/rafs/a/", "lies below '/rafs/a/'"},
    {"Root", "/", "lies below '/'"},
    {"Below", "/rafs/a/lowerdir/b", "contains '/rafs/a/lowerdir/b'"},
    {"Beside", "/rafs/b/lowerdir", nullptr},
    {"BesideWithThatPrefix", "/rafs/a/lowerdir2", nullptr},
    {"AboveWithThatPrefix", "/raf", nullptr},
};

class TakenTest : public NydusdClientTest, public testing::WithParamInterface<Taken> {};

TEST_P(TakenTest, MountPoint) {
  const Result<> mounted = Mount({Serving(GetParam().mounted), NoContent()});
  if (GetParam().error == nullptr) {
    EXPECT_THAT(mounted, IsOk());
  } else {
    EXPECT_THAT(mounted, HasError(ErrorKind::kMount, GetParam().error));
    EXPECT_THAT(requests_, SizeIs(1));
  }
}

INSTANTIATE_TEST_SUITE_P(NydusdClient, TakenTest, testing::ValuesIn(kTaken), NameOfCase());

TEST_F(NydusdClientTest, MountsOnlyWithADaemonThatRuns) {
  EXPECT_THAT(Mount({Information("", "INIT")}), HasError(ErrorKind::kMount, "state is 'INIT'"));
}

TEST_F(NydusdClientTest, SaysWhyTheDaemonRefuses) {
  const Result<> mounted = Mount({Idle(), WithBody(500, kRefusal)});
  EXPECT_THAT(mounted,
              HasError(ErrorKind::kMount, "mount of '/rafs/a/lowerdir': nydusd says 'Mount("));
  EXPECT_THAT(mounted.error().hint, HasSubstr("a value in the configuration"));
  EXPECT_THAT(requests_, SizeIs(2));
}

TEST_F(NydusdClientTest, CutsAndEscapesWhatTheDaemonSays) {
  const std::string message = StrCat("\\u001b[31m", std::string(3000, 'x'));
  const Result<> mounted =
      Mount({Idle(), WithBody(500, StrCat(R"({"code":"UNDEFINED","message":")", message, "\"}"))});
  ASSERT_THAT(mounted, Not(IsOk()));
  EXPECT_THAT(mounted.error().message, HasSubstr("'\\x1b[31mxxx"));
  EXPECT_LT(mounted.error().message.size(), 400U);
}

struct Doubt {
  const char* name;
  ScriptedAnswer answer;
  // A daemon that does not come to an end takes all but what is kept for settling.
  std::chrono::milliseconds time = kPlenty;
};

const Doubt kDoubts[] = {
    {"HttpServerFailed", WithBody(500, kFault)},
    {"HttpServerFailedInJson",
     WithBody(500, R"({"code":"UNDEFINED","message":"Resource temporarily unavailable"})")},
    {"OtherJson", WithBody(503, R"({ "error": "Too many open connections" })")},
    {"NoBody", WithBody(500, "")},
    {"OtherSuccess", WithBody(200, "{}")},
    {"NoHttp", {.bytes = "junk\r\n\r\n"}},
    {"Death", Death()},
    {"DeathInAnswer", {.bytes = "HTTP/1.1 204", .then = Then::kClose}},
    {"Silence", Silence(), kUnsettled},
    {"Drip", {.bytes = "HTTP/1.1 204 \r\nServer: ", .then = Then::kDrip}, kUnsettled},
};

class DoubtTest : public NydusdClientTest, public testing::WithParamInterface<Doubt> {};

TEST_P(DoubtTest, IsSettledByTheListOfMounts) {
  EXPECT_THAT(
      Mount({Idle(), GetParam().answer, Serving("/rafs/a/lowerdir")}, Image(), GetParam().time),
      IsOk());
  EXPECT_THAT(requests_, SizeIs(3));
  const Result<> not_mounted = Mount({Idle(), GetParam().answer, Idle()}, Image(), GetParam().time);
  EXPECT_THAT(not_mounted, Not(IsOk()));
  EXPECT_THAT(not_mounted.error().message, StartsWith("mount of '/rafs/a/lowerdir': "));
  EXPECT_THAT(requests_, SizeIs(3));
}

TEST_P(DoubtTest, IsToldIfNothingSettlesIt) {
  const Result<> mounted = Mount({Idle(), GetParam().answer}, Image(), GetParam().time);
  ASSERT_THAT(mounted, Not(IsOk()));
  EXPECT_THAT(mounted.error().message, HasSubstr("asking what became of it failed"));
  EXPECT_THAT(mounted.error().hint, HasSubstr("may have happened"));
}

INSTANTIATE_TEST_SUITE_P(NydusdClient, DoubtTest, testing::ValuesIn(kDoubts), NameOfCase());

TEST_F(NydusdClientTest, NeverShowsTheConfiguration) {
  for (const Doubt& doubt : kDoubts) {
    const Result<> mounted = Mount({Idle(), doubt.answer, Idle()}, Image(), kLittle);
    ASSERT_THAT(mounted, Not(IsOk()));
    EXPECT_THAT(mounted.error().message, Not(HasSubstr(kSecret)));
    EXPECT_THAT(mounted.error().hint, Not(HasSubstr(kSecret)));
  }
}

// Umount

TEST_F(NydusdClientTest, UmountsWhatIsMounted) {
  const Result<bool> was_mounted = Umount({Serving("/rafs/a/lowerdir"), NoContent()});
  ASSERT_THAT(was_mounted, IsOk());
  EXPECT_TRUE(*was_mounted);
  EXPECT_THAT(requests_[1],
              StartsWith("DELETE /api/v1/mount?mountpoint=/rafs/a/lowerdir HTTP/1.1\r\n"));
}

TEST_F(NydusdClientTest, AsksNothingOfADaemonThatDoesNotServeTheMountPoint) {
  const Result<bool> was_mounted = Umount({Serving("/rafs/a")});
  ASSERT_THAT(was_mounted, IsOk());
  EXPECT_FALSE(*was_mounted);
  EXPECT_THAT(requests_, SizeIs(1));
}

TEST_F(NydusdClientTest, SettlesADoubtfulUmount) {
  const ScriptedAnswer mounted = Serving("/rafs/a/lowerdir");
  EXPECT_THAT(Umount({mounted, WithBody(500, kFault), Idle()}), IsOk());
  EXPECT_THAT(Umount({mounted, WithBody(500, kFault), mounted}),
              HasError(ErrorKind::kMount, "umount of '/rafs/a/lowerdir': nydusd answered 500"));
  EXPECT_THAT(Umount({mounted, Death()}),
              HasError(ErrorKind::kSystem, "asking what became of it failed"));
}

TEST_F(NydusdClientTest, SaysWhyAnUmountIsRefused) {
  EXPECT_THAT(Umount({Serving("/rafs/a/lowerdir"), WithBody(500, kRefusal)}),
              HasError(ErrorKind::kMount, "umount of '/rafs/a/lowerdir': nydusd says"));
  EXPECT_THAT(client_.Umount("/", After(kPlenty)), HasError(ErrorKind::kUsage, "mount point"));
}

// The rest

TEST_F(NydusdClientTest, ReadsBackendsAndMetrics) {
  const auto backend = [&] { return client_.Backend("/a b", After(kPlenty)); };
  EXPECT_EQ(Play({WithBody(200, "{\"magic\":1}")}, backend), "{\"magic\":1}");
  EXPECT_THAT(requests_[0], StartsWith("GET /api/v1/daemon/backend?mountpoint=/a%20b HTTP"));

  const auto metrics = [&] { return client_.Metrics("", "", After(kPlenty)); };
  EXPECT_EQ(Play({WithBody(200, "{}")}, metrics), "{}");
  EXPECT_THAT(requests_[0], StartsWith("GET /api/v1/metrics HTTP"));

  const auto part = [&] { return client_.Metrics("files", "/a&b", After(kPlenty)); };
  EXPECT_EQ(Play({WithBody(200, "[1]")}, part), "[1]");
  EXPECT_THAT(requests_[0], StartsWith("GET /api/v1/metrics/files?id=/a%26b HTTP"));
}

TEST_F(NydusdClientTest, HasAnEmptyListWhereNothingIsInFlight) {
  const auto metrics = [&] { return client_.Metrics("inflight", "", After(kPlenty)); };
  EXPECT_EQ(Play({NoContent()}, metrics), "[]");
}

TEST_F(NydusdClientTest, TakesTheDaemonsDeathForAnAnswerToExit) {
  const auto exit = [&] { return client_.Exit(After(kPlenty)); };
  EXPECT_THAT(Play({NoContent()}, exit), IsOk());
  EXPECT_THAT(requests_[0],
              StartsWith("PUT /api/v1/daemon/exit HTTP/1.1\r\nHost: nydusd\r\nContent-Length: 0"));
  EXPECT_THAT(Play({Death()}, exit), IsOk());
  EXPECT_THAT(Play({WithBody(400, kRefusal)}, exit), HasError(ErrorKind::kMount, "nydusd says"));
  EXPECT_THAT(exit(), HasError(ErrorKind::kSystem, "No such file"));
}

TEST(MetricsPart, IsOneOfThoseThatADaemonThatServesAGuestMayBeAskedFor) {
  for (const char* part : {"", "files", "pattern", "backend", "blobcache", "inflight"}) {
    EXPECT_TRUE(IsMetricsPart(part)) << part;
  }
  for (const char* part : {"/", "files/", "../daemon", "files?id=1"}) {
    EXPECT_FALSE(IsMetricsPart(part)) << part;
  }
}

}  // namespace
}  // namespace nydus
