// SPDX-License-Identifier: Apache-2.0
#include "kata/request_digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

std::string Digest(const std::vector<std::string_view>& parts) {
  const auto digest = RequestDigest(parts);
  EXPECT_THAT(digest, IsOk());
  return digest.value_or("");
}

// printf '1:a,2:bc,' | sha256sum
TEST(RequestDigest, IsSha256OfTheLengthsAndParts) {
  EXPECT_EQ(Digest({"a", "bc"}),
            "d16f37a638ba770eff5e5da16e42c72f44dc44fd4da2eeffa698877ed1fd986c");
}

TEST(RequestDigest, TellsApartWhereAPartEnds) {
  EXPECT_NE(Digest({"ab", "c"}), Digest({"a", "bc"}));
  EXPECT_NE(Digest({"a", ""}), Digest({"a"}));
  EXPECT_NE(Digest({"a,1:b"}), Digest({"a", "b"}));
}

}  // namespace
}  // namespace nydus
