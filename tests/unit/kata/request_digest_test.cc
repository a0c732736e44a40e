// SPDX-License-Identifier: Apache-2.0
#include "kata/request_digest.h"

#include <gtest/gtest.h>

namespace nydus {
namespace {

// printf '1:a,2:bc,' | sha256sum
TEST(RequestDigest, IsSha256OfTheLengthsAndParts) {
  EXPECT_EQ(RequestDigest({"a", "bc"}),
            "d16f37a638ba770eff5e5da16e42c72f44dc44fd4da2eeffa698877ed1fd986c");
}

TEST(RequestDigest, TellsApartWhereAPartEnds) {
  EXPECT_NE(RequestDigest({"ab", "c"}), RequestDigest({"a", "bc"}));
  EXPECT_NE(RequestDigest({"a", ""}), RequestDigest({"a"}));
  EXPECT_NE(RequestDigest({"a,1:b"}), RequestDigest({"a", "b"}));
}

}  // namespace
}  // namespace nydus
