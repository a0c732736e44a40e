// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/api_connection.h"

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/fuse/nydusd/scripted_daemon.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Then = ScriptedAnswer::Then;
using Reply = std::expected<HttpReply, ExchangeError>;

constexpr std::chrono::milliseconds kPlenty{10'000};
constexpr std::chrono::milliseconds kLittle{100};

class ApiConnectionTest : public testing::Test {
 protected:
  Reply Exchange(const std::string& method, const std::string& target, const std::string& body,
                 std::chrono::milliseconds time = kPlenty) {
    Result<ApiConnection> connection = ApiConnection::Open(path_, After(kPlenty));
    if (!connection) return std::unexpected(ExchangeError{.error = connection.error()});
    return connection->Exchange(method, target, body, After(time));
  }

  Reply Answered(ScriptedAnswer answer, std::chrono::milliseconds time = kPlenty) {
    const ScriptedDaemon daemon(path_, {std::move(answer)});
    Reply reply = Exchange("GET", "/", "", time);
    (void)std::remove(path_.c_str());
    return reply;
  }

  TempDir directory_;
  std::string path_ = directory_.PathOf("api.sock");
};

TEST_F(ApiConnectionTest, SendsNoBodyAndNoLengthWithGetAndDelete) {
  ScriptedDaemon daemon(path_, {NoContent(), NoContent()});
  ASSERT_TRUE(Exchange("GET", "/api/v1/daemon", "").has_value());
  ASSERT_TRUE(Exchange("DELETE", "/api/v1/mount?mountpoint=/a", "").has_value());
  EXPECT_THAT(daemon.Requests(),
              ElementsAre("GET /api/v1/daemon HTTP/1.1\r\nHost: nydusd\r\n\r\n",
                          "DELETE /api/v1/mount?mountpoint=/a HTTP/1.1\r\nHost: nydusd\r\n\r\n"));
}

TEST_F(ApiConnectionTest, SendsABodyWithItsLength) {
  ScriptedDaemon daemon(path_, {NoContent(), NoContent()});
  ASSERT_TRUE(Exchange("POST", "/p", "{}").has_value());
  ASSERT_TRUE(Exchange("PUT", "/p", "").has_value());
  EXPECT_THAT(daemon.Requests(),
              ElementsAre("POST /p HTTP/1.1\r\nHost: nydusd\r\nContent-Type: application/json\r\n"
                          "Content-Length: 2\r\n\r\n{}",
                          "PUT /p HTTP/1.1\r\nHost: nydusd\r\nContent-Length: 0\r\n\r\n"));
}

TEST_F(ApiConnectionTest, ReadsAnAnswerWithoutReasonAndLength) {
  const Reply reply = Answered(NoContent());
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 204);
  EXPECT_THAT(reply->body, IsEmpty());
}

TEST_F(ApiConnectionTest, ReadsABodyOfAnyText) {
  for (const std::string body : {"{}", "no JSON", "\r\n\r\n\xff", ""}) {
    const Reply reply = Answered(WithBody(500, body));
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 500);
    EXPECT_EQ(reply->body, body);
  }
}

// nydusd leaves the length out where there is no body, and keeps the connection open.
TEST_F(ApiConnectionTest, TakesAnAnswerWithoutLengthForOneWithoutBody) {
  const Reply reply = Answered({.bytes = "HTTP/1.1 500 \r\nServer: Nydus API\r\n\r\n"});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 500);
  EXPECT_THAT(reply->body, IsEmpty());
}

TEST_F(ApiConnectionTest, ReadsAStatusLineThatEndsWithTheNumber) {
  const Reply reply = Answered({.bytes = "HTTP/1.1 503\r\nServer: Firecracker API\r\n"
                                         "Connection: close\r\nContent-Length: 2\r\n\r\n{}",
                                .then = Then::kClose});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->body, "{}");
}

TEST_F(ApiConnectionTest, ReadsALongBody) {
  const std::string body(1'000'000, 'x');
  const Reply reply = Answered(WithBody(200, body));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->body, body);
}

TEST_F(ApiConnectionTest, PassesOverWhatFollowsTheAnswer) {
  ScriptedAnswer twice = WithBody(200, "{}");
  twice.bytes += twice.bytes;
  const Reply reply = Answered(twice);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->body, "{}");
}

struct BadAnswer {
  const char* name;
  ScriptedAnswer answer;
  const char* error;
  int errno_value = 0;
};

const BadAnswer kBadAnswers[] = {
    {"Nothing", {.bytes = "", .then = Then::kClose}, "closed the connection", ECONNRESET},
    {"CutInHeader",
     {.bytes = "HTTP/1.1 204 \r\nServer:", .then = Then::kClose},
     "closed the connection",
     ECONNRESET},
    {"CutInBody",
     {.bytes = "HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\n{", .then = Then::kClose},
     "closed the connection",
     ECONNRESET},
    {"NoHttp", {.bytes = "Resource temporarily unavailable\r\n\r\n"}, "is not HTTP"},
    {"LengthIsNoNumber", {.bytes = "HTTP/1.1 200 \r\nContent-Length: x\r\n\r\n"}, "is not HTTP"},
    {"TooLong",
     {.bytes = "HTTP/1.1 200 \r\nContent-Length: 8388609\r\n\r\n"},
     "longer than 8388608 bytes"},
    {"HeaderTooLong",
     {.bytes = StrCat("HTTP/1.1 200 \r\nServer: ", std::string(9000, 'x'))},
     "is not HTTP"},
    {"InChunks",
     {.bytes = "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
     "in chunks"},
};

class BadAnswerTest : public ApiConnectionTest, public testing::WithParamInterface<BadAnswer> {};

TEST_P(BadAnswerTest, LeavesOpenWhatTheDaemonDid) {
  const Reply reply = Answered(GetParam().answer);
  ASSERT_FALSE(reply.has_value());
  EXPECT_TRUE(reply.error().sent);
  EXPECT_EQ(reply.error().error.kind, ErrorKind::kSystem);
  EXPECT_EQ(reply.error().error.errno_value, GetParam().errno_value);
  EXPECT_THAT(reply.error().error.message, HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(ApiConnection, BadAnswerTest, testing::ValuesIn(kBadAnswers),
                         NameOfCase());

TEST_F(ApiConnectionTest, GivesUpAtTheDeadline) {
  for (const ScriptedAnswer& answer :
       {ScriptedAnswer{.bytes = ""}, ScriptedAnswer{.bytes = "HTTP/1.1 20"},
        ScriptedAnswer{.bytes = "HTTP/1.1 200 \r\nServer: ", .then = Then::kDrip},
        ScriptedAnswer{.bytes = "HTTP/1.1 200 \r\nContent-Length: 99999\r\n\r\n",
                       .then = Then::kDrip}}) {
    const Reply reply = Answered(answer, kLittle);
    ASSERT_FALSE(reply.has_value());
    EXPECT_TRUE(reply.error().sent);
    EXPECT_THAT(reply.error().error.message, StartsWith("no time is left"));
  }
}

struct Size {
  const char* name;
  std::size_t target;
  std::size_t body;
  const char* error;
};

// "POST " + target + " HTTP/1.1\r\n" is 16 bytes longer than the target.
constexpr Size kSizes[] = {
    {"LongestLine", 1008, 1, nullptr},
    {"LineTooLong", 1009, 1, "first line has 1025 bytes, and nydusd takes 1024"},
    {"LongestBody", 1, 51200, nullptr},
    {"BodyTooLong", 1, 51201, "as JSON they have 51201 bytes, and nydusd takes 51200"},
};

class SizeTest : public ApiConnectionTest, public testing::WithParamInterface<Size> {};

TEST_P(SizeTest, OfARequestIsLimited) {
  ScriptedDaemon daemon(path_, {NoContent()});
  const std::string target = StrCat("/", std::string(GetParam().target - 1, 'a'));
  const Reply reply = Exchange("POST", target, std::string(GetParam().body, 'b'));
  if (GetParam().error == nullptr) {
    ASSERT_TRUE(reply.has_value());
    EXPECT_THAT(daemon.Requests()[0], testing::EndsWith(std::string(GetParam().body, 'b')));
    return;
  }
  ASSERT_FALSE(reply.has_value());
  EXPECT_FALSE(reply.error().sent);
  EXPECT_EQ(reply.error().error.kind, ErrorKind::kUsage);
  EXPECT_THAT(reply.error().error.message, HasSubstr(GetParam().error));
  EXPECT_THAT(daemon.Requests(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(ApiConnection, SizeTest, testing::ValuesIn(kSizes), NameOfCase());

}  // namespace
}  // namespace nydus
