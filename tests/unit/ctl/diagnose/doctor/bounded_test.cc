// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/bounded.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RunBounded, GivesWhatTheActionSays) {
  EXPECT_EQ(RunBounded(seconds(20), [] { return std::string("a\0b", 3); }), std::string("a\0b", 3));
  EXPECT_EQ(RunBounded(seconds(20), [] { return std::string(200'000, 'x'); }),
            std::string(200'000, 'x'));
  EXPECT_EQ(RunBounded(seconds(20), [] { return std::string(); }), "");
}

TEST(RunBounded, NothingOfTheActionStaysInTheCaller) {
  int touched = 0;
  ASSERT_THAT(RunBounded(seconds(20), [&] { return std::to_string(++touched); }), IsOk());
  EXPECT_EQ(touched, 0);
}

TEST(RunBounded, AnActionThatHangsIsEnded) {
  const auto result = RunBounded(milliseconds(50), [] {
    pause();
    return std::string();
  });
  ASSERT_THAT(result, HasError(ErrorKind::kSystem, "no answer"));
  EXPECT_EQ(result.error().errno_value, ETIMEDOUT);
}

TEST(RunBounded, AnActionThatDiesIsAnError) {
  EXPECT_THAT(RunBounded(seconds(20), []() -> std::string { _exit(3); }),
              HasError(ErrorKind::kInternal, "died"));
}

TEST(RunBounded, AnAnswerHasALimit) {
  EXPECT_THAT(RunBounded(seconds(20), [] { return std::string(kMaxBoundedAnswer + 1, 'x'); }),
              HasError(ErrorKind::kSystem, "answer over"));
}

}  // namespace
}  // namespace nydus
