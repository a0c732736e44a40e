// SPDX-License-Identifier: Apache-2.0
#include "tests/support/result_matchers.h"

#include <gtest/gtest.h>

namespace nydus {
namespace {

using testing::Not;
using testing::PrintToString;

TEST(ResultMatchers, IsOkTellsValuesFromErrors) {
  EXPECT_THAT(Result<>(), IsOk());
  EXPECT_THAT(Result<int>(0), IsOk());
  EXPECT_THAT(Result<>(Fail(ErrorKind::kMount, "no")), Not(IsOk()));
}

TEST(ResultMatchers, HasErrorWantsTheKindAndAPartOfTheMessage) {
  const Result<int> result = Fail(ErrorKind::kMount, "the layer is gone");
  EXPECT_THAT(result, HasError(ErrorKind::kMount, "layer"));
  EXPECT_THAT(result, Not(HasError(ErrorKind::kUsage, "layer")));
  EXPECT_THAT(result, Not(HasError(ErrorKind::kMount, "target")));
  EXPECT_THAT(Result<int>(1), Not(HasError(ErrorKind::kMount, "")));
}

TEST(ResultMatchers, AFailureShowsTheError) {
  EXPECT_EQ(PrintToString(Result<int>(1)), "a value");
  EXPECT_EQ(PrintToString(Result<>(Failure(Error{ErrorKind::kSystem, 2, "what", "do this"}))),
            "error kSystem \"what\", errno 2, hint \"do this\"");
}

}  // namespace
}  // namespace nydus
