// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/exit_meaning.h"

#include <gmock/gmock.h>

namespace nydus {
namespace {

using testing::HasSubstr;

TEST(ExitMeaning, ExplainsTheCodesOfMount) {
  EXPECT_THAT(ExitStatusMeaning(1), HasSubstr("wrong command line"));
  EXPECT_THAT(ExitStatusMeaning(2), HasSubstr("system error"));
  EXPECT_THAT(ExitStatusMeaning(4), HasSubstr("internal error"));
  EXPECT_THAT(ExitStatusMeaning(8), HasSubstr("interrupted"));
  EXPECT_THAT(ExitStatusMeaning(16), HasSubstr("utab"));
  EXPECT_THAT(ExitStatusMeaning(32), HasSubstr("the mount failed"));
}

TEST(ExitMeaning, ExplainsTheCodesOfAShell) {
  EXPECT_THAT(ExitStatusMeaning(126), HasSubstr("could not run"));
  EXPECT_THAT(ExitStatusMeaning(127), HasSubstr("did not find"));
}

TEST(ExitMeaning, SaysNothingOfOtherNumbers) {
  for (const int status : {-1, 3, 64, 137}) EXPECT_EQ(ExitStatusMeaning(status), "") << status;
}

TEST(ExitMeaning, KnowsTheSignalsThatGoNames) {
  EXPECT_EQ(SignalOfGoName("killed"), 9);
  EXPECT_EQ(SignalOfGoName("segmentation fault (core dumped)"), 11);
  EXPECT_EQ(SignalOfGoName("terminated: unknown"), 15);
  EXPECT_EQ(SignalOfGoName("nonsense"), std::nullopt);
}

}  // namespace
}  // namespace nydus
