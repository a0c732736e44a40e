// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/escapes.h"

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(Escapes, SeparatorBehindABackslashIsNotFound) {
  EXPECT_EQ(FindUnescaped(R"(a\,b,c)", ','), 4U);
  EXPECT_EQ(FindUnescaped(R"(a\\,c)", ','), 3U);
  EXPECT_EQ(FindUnescaped("abc", ','), 3U);
}

TEST(Escapes, BackslashAtTheEndEscapesNothing) {
  EXPECT_EQ(FindUnescaped(R"(a\)", ','), 2U);
  EXPECT_EQ(UnescapePath(R"(a\)"), "a");
}

TEST(Escapes, EveryByteCanBeEscaped) {
  EXPECT_EQ(UnescapePath(R"(\a\:\,\\)"), R"(a:,\)");
}

TEST(Escapes, EscapingIsUndoneByUnescaping) {
  const std::string path = "/a b:c,d\\e\n\"f'";
  EXPECT_EQ(UnescapePath(EscapePath(path)), path);
  EXPECT_EQ(EscapePath("/a:b"), R"(/a\:b)");
}

TEST(Escapes, QuoteAtTheStartOfAPathOpensNothing) {
  EXPECT_EQ(EscapePath(R"("a)"), R"(\"a)");
}

}  // namespace
}  // namespace nydus
