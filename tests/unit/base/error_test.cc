// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cerrno>
#include <cstring>

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

TEST(Error, FailTakesKindMessageAndHint) {
  const Result<int> result = Fail(ErrorKind::kMount, "target: is busy", "unmount it first");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), (Error{ErrorKind::kMount, 0, "target: is busy", "unmount it first"}));
}

TEST(Error, FailNeedsNoHint) {
  const Result<> result = Fail(ErrorKind::kUsage, "no");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), (Error{ErrorKind::kUsage, 0, "no", ""}));
}

TEST(Error, FailErrnoPutsTheTextOfTheErrnoBehind) {
  const Result<> result = FailErrno(ErrorKind::kSystem, ENOENT, "open", "look elsewhere");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), (Error{ErrorKind::kSystem, ENOENT,
                                   StrCat("open: ", std::strerror(ENOENT)), "look elsewhere"}));
}

TEST(Error, FailErrnoTakesTheGivenNumberNotTheCurrentOne) {
  errno = EACCES;
  const Result<> result = FailErrno(ErrorKind::kSystem, EBUSY, "mount");
  EXPECT_EQ(result.error().errno_value, EBUSY);
  EXPECT_THAT(result, HasError(ErrorKind::kSystem, std::strerror(EBUSY)));
}

TEST(Error, WrapPutsContextInFrontAndKeepsTheRest) {
  const Error inner{ErrorKind::kSystem, EIO, "read: broken", "check the disk"};
  EXPECT_EQ(Wrap(inner, "/some/file"),
            (Error{ErrorKind::kSystem, EIO, "/some/file: read: broken", "check the disk"}));
}

TEST(Error, WrapNests) {
  EXPECT_EQ(Wrap(Wrap(Error{.message = "c"}, "b"), "a").message, "a: b: c");
}

}  // namespace
}  // namespace nydus
