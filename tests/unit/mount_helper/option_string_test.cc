// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/option_string.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

// "name", "name=value" or, for a quoted value, "name=<value>".
std::vector<std::string> Split(std::string_view options) {
  std::vector<std::string> words;
  for (;;) {
    const Result<std::optional<OptionWord>> word = NextOption(options);
    EXPECT_THAT(word, IsOk());
    if (!word || !*word) return words;
    std::string text((*word)->name);
    if ((*word)->value) {
      const std::string value(*(*word)->value);
      text += (*word)->quoted ? "=<" + value + ">" : "=" + value;
    }
    words.push_back(text);
  }
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(OptionString, IsSplitAtCommas) {
  EXPECT_THAT(Split("rw,a=1,b"), ElementsAre("rw", "a=1", "b"));
}

TEST(OptionString, EmptyWordsVanish) {
  EXPECT_THAT(Split(""), IsEmpty());
  EXPECT_THAT(Split(",,,"), IsEmpty());
  EXPECT_THAT(Split(",a,,b,"), ElementsAre("a", "b"));
}

TEST(OptionString, EscapesAreKeptAndHonoured) {
  EXPECT_THAT(Split(R"(lowerdir=/a\,b:/c\:d,rw)"), ElementsAre(R"(lowerdir=/a\,b:/c\:d)", "rw"));
  EXPECT_THAT(Split(R"(upperdir=/a\\,rw)"), ElementsAre(R"(upperdir=/a\\)", "rw"));
}

TEST(OptionString, BackslashAtTheEndIsPartOfTheValue) {
  EXPECT_THAT(Split(R"(upperdir=/a\)"), ElementsAre(R"(upperdir=/a\)"));
}

TEST(OptionString, QuotesKeepCommasTogether) {
  EXPECT_THAT(Split(R"(context="u:r:t:s0:c1,c2",rw)"),
              ElementsAre("context=<u:r:t:s0:c1,c2>", "rw"));
}

TEST(OptionString, QuoteOpensOnlyRightAfterTheEqualsSign) {
  EXPECT_THAT(Split(R"(lowerdir=/a"b,rw)"), ElementsAre(R"(lowerdir=/a"b)", "rw"));
  EXPECT_THAT(Split(R"(a"b,rw)"), ElementsAre(R"(a"b)", "rw"));
}

TEST(OptionString, ValueMayHoldEqualsSigns) {
  EXPECT_THAT(Split("extraoption=e30=,rw"), ElementsAre("extraoption=e30=", "rw"));
}

TEST(OptionString, EmptyValueIsNotAMissingOne) {
  EXPECT_THAT(Split("a=,b"), ElementsAre("a=", "b"));
}

TEST(OptionString, OpenQuoteIsAnErrorThatRepeatsNothing) {
  std::string_view rest = R"(secret="abc)";
  const auto word = NextOption(rest);
  EXPECT_THAT(word, HasError(ErrorKind::kUsage, "quote is never closed"));
  EXPECT_THAT(word.error().message, testing::Not(testing::HasSubstr("secret")));
}

TEST(OptionString, TextBehindAClosingQuoteIsAnError) {
  std::string_view rest = R"(a="b"c)";
  EXPECT_THAT(NextOption(rest), HasError(ErrorKind::kUsage, "follows a closing quote"));
}

}  // namespace
}  // namespace nydus
