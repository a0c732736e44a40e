// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/text_cleaning.h"

#include <gmock/gmock.h>

namespace nydus {
namespace {

using testing::ElementsAre;

TEST(TextCleaning, RemovesControlSequences) {
  EXPECT_EQ(CleanText("\x1b[1;31mred\x1b[0m"), "red");
  EXPECT_EQ(CleanText("\x1b]0;title\x1b\\text"), "text");
  EXPECT_EQ(CleanText("\x1b]8;;http://x\atext"), "text");
  EXPECT_EQ(CleanText("a\r\nb"), "a\nb");
}

TEST(TextCleaning, SurvivesCutControlSequences) {
  for (const char* text : {"\x1b", "\x1b[", "\x1b[31", "\x1b]", "\x1b]x"}) {
    EXPECT_LE(CleanText(text).size(), 1U) << text + 1;
  }
}

TEST(TextCleaning, KeepsTextBehindAControlStringThatIsBrokenOff) {
  EXPECT_EQ(CleanText("\x1b]0;a\x1b[0mb"), "0;ab");
}

TEST(TextCleaning, JoinsContinuedLines) {
  EXPECT_EQ(CleanText("a \\\n b"), "a   b");
}

TEST(TextCleaning, ReadsWhatGoQuotes) {
  EXPECT_EQ(UnquoteGo(R"(a\"b\\c\nd\te\x41)"), "a\"b\\c\nd\te\x41");
}

TEST(TextCleaning, KeepsWhatIsNoEscapeOfGo) {
  EXPECT_EQ(UnquoteGo(R"(\:\,\x4\q\)"), R"(\:\,\x4\q\)");
}

TEST(TextCleaning, FindsTheEndOfALiteral) {
  const QuotedText quoted = ReadQuoted(R"(x="a\"b" y)", 2);
  EXPECT_EQ(quoted.text, "a\"b");
  EXPECT_EQ(quoted.end, 8U);
}

TEST(TextCleaning, ReadsALiteralWithoutEnd) {
  EXPECT_EQ(ReadQuoted("\"ab", 0).end, 3U);
  EXPECT_EQ(ReadQuoted("\"ab\\", 0).end, 4U);
  EXPECT_EQ(ReadQuoted("\"", 0).end, 1U);
}

TEST(TextCleaning, SplitsAsAShellDoes) {
  EXPECT_THAT(SplitShellWords(R"(a 'b c' "d e" f\ g "h\"i" 'j'"k")"),
              ElementsAre("a", "b c", "d e", "f g", "h\"i", "jk"));
  EXPECT_THAT(SplitShellWords(R"("a\,b" '' c)"), ElementsAre("a\\,b", "", "c"));
}

}  // namespace
}  // namespace nydus
