// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <limits>

#include <cstdint>

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(StrCat, JoinsEveryKindOfString) {
  const std::string text = "string";
  const std::string_view view = "view";
  EXPECT_EQ(StrCat("literal ", text, " ", view), "literal string view");
}

TEST(StrCat, OfNothingIsEmpty) {
  EXPECT_EQ(StrCat(), "");
  EXPECT_EQ(StrCat("", std::string(), std::string_view()), "");
}

TEST(StrCat, KeepsNulBytesOfStrings) {
  EXPECT_EQ(StrCat(std::string_view("a\0b", 3), "c"), std::string_view("a\0bc", 4));
}

TEST(StrCat, WritesIntegersAsDecimalDigits) {
  EXPECT_EQ(StrCat(0, " ", -1, " ", 42U, " ", 7L), "0 -1 42 7");
  EXPECT_EQ(StrCat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(StrCat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(StrCat, KeepsNumbersApart) {
  EXPECT_EQ(StrCat(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), "12345678910");
}

TEST(StrCat, TakesTemporaries) {
  EXPECT_EQ(StrCat(std::string(100, 'x'), StrCat("y", 1)), std::string(100, 'x') + "y1");
}

std::string HexEscape(int byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = static_cast<std::size_t>(byte);
  return {'\\', 'x', kDigits[value >> 4], kDigits[value & 0xF]};
}

TEST(Escape, LeavesPrintableAsciiAlone) {
  for (int byte = 0x20; byte < 0x7F; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    EXPECT_EQ(Escape(text), text == "\\" ? "\\\\" : text);
  }
}

TEST(Escape, WritesEveryControlByteInHex) {
  for (int byte = 0; byte < 0x20; ++byte) {
    EXPECT_EQ(Escape(std::string(1, static_cast<char>(byte))), HexEscape(byte));
  }
  EXPECT_EQ(Escape("\x7F"), "\\x7f");
}

TEST(Escape, WritesEveryC1ControlInHex) {
  for (int byte = 0x80; byte < 0xA0; ++byte) {
    EXPECT_EQ(Escape(std::string({'\xC2', static_cast<char>(byte)})), "\\xc2" + HexEscape(byte));
  }
  EXPECT_EQ(Escape("\xC2\xA0"), "\xC2\xA0");
}

TEST(Escape, WritesLineAndParagraphSeparatorsInHex) {
  EXPECT_EQ(Escape("a\xE2\x80\xA8z"), "a\\xe2\\x80\\xa8z");
  EXPECT_EQ(Escape("a\xE2\x80\xA9z"), "a\\xe2\\x80\\xa9z");
  EXPECT_EQ(Escape("\u2027\u202F"), "\u2027\u202F");
}

TEST(Escape, WritesControlsOfWritingDirectionInHex) {
  EXPECT_EQ(Escape("\u202A\u202E"), "\\xe2\\x80\\xaa\\xe2\\x80\\xae");
  EXPECT_EQ(Escape("\u2066\u2069"), "\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
  EXPECT_EQ(Escape("\u2065\u206A"), "\u2065\u206A");
}

TEST(Escape, LeavesOtherUtf8Alone) {
  EXPECT_EQ(Escape("é 漢 😀"), "é 漢 😀");
}

TEST(Escape, WritesEveryByteThatIsNotUtf8InHex) {
  for (int byte = 0x80; byte <= 0xFF; ++byte) {
    EXPECT_EQ(Escape(std::string({'a', static_cast<char>(byte), 'b'})),
              std::string("a").append(HexEscape(byte)).append("b"));
  }
}

TEST(Escape, WritesTheBytesOfBrokenSequencesOneByOne) {
  EXPECT_EQ(Escape("\xE2\x82"), "\\xe2\\x82");
  EXPECT_EQ(Escape("\xED\xA0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(Escape("\xC0\xAF"), "\\xc0\\xaf");
  EXPECT_EQ(Escape("\xF0\x9F\x98z"), "\\xf0\\x9f\\x98z");
}

TEST(Escape, DoublesBackslashes) {
  EXPECT_EQ(Escape("a\\b\\\\"), "a\\\\b\\\\\\\\");
  EXPECT_NE(Escape("\n"), Escape("\\x0a"));
}

TEST(Escape, NeverShortens) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(Escape(text), text);
}

TEST(Quote, PutsSingleQuotesAround) {
  EXPECT_EQ(Quote(""), "''");
  EXPECT_EQ(Quote("a\nb"), "'a\\x0ab'");
}

TEST(Quote, ShowsUpToTheLimitWhole) {
  const std::string text(kMaxQuotedBytes, 'x');
  EXPECT_EQ(Quote(text), "'" + text + "'");
}

TEST(Quote, CutsBehindTheLimit) {
  const std::string text(kMaxQuotedBytes, 'x');
  EXPECT_EQ(Quote(text + "y"), "'" + text + "...'");
}

TEST(Quote, CountsBytesBeforeEscaping) {
  const std::string text(kMaxQuotedBytes, '\\');
  EXPECT_EQ(Quote(text), "'" + text + text + "'");
  EXPECT_EQ(Quote(text + "\\"), "'" + text + text + "...'");
}

TEST(Quote, StaysPrintableWhenTheCutSplitsACharacter) {
  const std::string text(kMaxQuotedBytes - 1, 'x');
  EXPECT_EQ(Quote(text + "é"), "'" + text + "\\xc3...'");
}

}  // namespace
}  // namespace nydus
