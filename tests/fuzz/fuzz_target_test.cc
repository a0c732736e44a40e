// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_target.h"

#include <string>

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(Demand, EndsTheProgramAndNamesTheProperty) {
  Demand(true, "holds");
  EXPECT_DEATH(Demand(false, "water is dry"), "violated: water is dry");
}

TEST(IsPrintable, TakesWhatEscapingWritesAndNoControlByte) {
  EXPECT_TRUE(IsPrintable(R"(plain, \x0a, \\, caf\u00e9 and café)"));
  EXPECT_FALSE(IsPrintable("two\nlines"));
  EXPECT_FALSE(IsPrintable("\x1b[1m"));
  EXPECT_FALSE(IsPrintable("\xFF"));
}

TEST(DemandDiscreet, EndsTheProgramOverASecretInMessageOrHint) {
  const std::string secret(kSecret);
  DemandDiscreet({.message = "config: is empty", .hint = "see there"});
  EXPECT_DEATH(DemandDiscreet({.message = "config " + secret}), "no secret");
  EXPECT_DEATH(DemandDiscreet({.hint = secret}), "no secret");
}

}  // namespace
}  // namespace nydus
