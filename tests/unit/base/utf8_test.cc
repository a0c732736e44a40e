// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/named_cases.h"

namespace nydus {
namespace {

struct Vector {
  const char* name;
  std::string_view text;
  std::size_t length;
};

constexpr Vector kVectors[] = {
    {"Empty", "", 0},
    {"Nul", std::string_view("\0", 1), 1},
    {"Ascii", "A", 1},
    {"LastOneByteForm", "\x7F", 1},
    {"OnlyTheFirstCounts", "A\xFF", 1},
    {"FirstTwoByteForm", "\xC2\x80", 2},
    {"LastTwoByteForm", "\xDF\xBF", 2},
    {"FirstThreeByteForm", "\xE0\xA0\x80", 3},
    {"LastBeforeTheSurrogates", "\xED\x9F\xBF", 3},
    {"FirstAfterTheSurrogates", "\xEE\x80\x80", 3},
    {"ByteOrderMark", "\xEF\xBB\xBF", 3},
    {"NonCharacterFffe", "\xEF\xBF\xBE", 3},
    {"LastThreeByteForm", "\xEF\xBF\xBF", 3},
    {"FirstFourByteForm", "\xF0\x90\x80\x80", 4},
    {"LastOfPlane15", "\xF3\xBF\xBF\xBF", 4},
    {"LastCodePoint", "\xF4\x8F\xBF\xBF", 4},

    {"FirstContinuationByteAlone", "\x80", 0},
    {"LastContinuationByteAlone", "\xBF", 0},
    {"OverlongNul", "\xC0\x80", 0},
    {"OverlongSlash", "\xC0\xAF", 0},
    {"LargestOverlongTwoByteForm", "\xC1\xBF", 0},
    {"OverlongSlashInThreeBytes", "\xE0\x80\xAF", 0},
    {"LargestOverlongThreeByteForm", "\xE0\x9F\xBF", 0},
    {"OverlongSlashInFourBytes", "\xF0\x80\x80\xAF", 0},
    {"LargestOverlongFourByteForm", "\xF0\x8F\xBF\xBF", 0},
    {"FirstHighSurrogate", "\xED\xA0\x80", 0},
    {"LastHighSurrogate", "\xED\xAF\xBF", 0},
    {"FirstLowSurrogate", "\xED\xB0\x80", 0},
    {"LastLowSurrogate", "\xED\xBF\xBF", 0},
    {"FirstAboveTheLastCodePoint", "\xF4\x90\x80\x80", 0},
    {"LeadByteF5", "\xF5\x80\x80\x80", 0},
    {"LeadByteF8", "\xF8\x88\x80\x80\x80", 0},
    {"LeadByteFe", "\xFE", 0},
    {"LeadByteFf", "\xFF", 0},
    {"TwoByteFormCut", "\xC2", 0},
    {"ThreeByteFormCutAfterOne", "\xE2", 0},
    {"ThreeByteFormCutAfterTwo", "\xE2\x82", 0},
    {"FourByteFormCutAfterOne", "\xF0", 0},
    {"FourByteFormCutAfterThree", "\xF0\x9F\x98", 0},
    {"TwoByteFormBrokenByAscii", "\xC2\x41", 0},
    {"ThreeByteFormBrokenAtTheThird", "\xE2\x82\x41", 0},
    {"FourByteFormBrokenAtTheFourth", "\xF0\x9F\x98\xC0", 0},
};

class Utf8 : public testing::TestWithParam<Vector> {};

TEST_P(Utf8, SequenceLength) {
  EXPECT_EQ(Utf8SequenceLength(GetParam().text), GetParam().length);
}

INSTANTIATE_TEST_SUITE_P(Rfc3629, Utf8, testing::ValuesIn(kVectors), NameOfCase());

std::string Encode(std::uint32_t code_point) {
  const auto tail = [&](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3F));
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xC0 | (code_point >> 6)), tail(0)};
  if (code_point < 0x10000) {
    return {static_cast<char>(0xE0 | (code_point >> 12)), tail(6), tail(0)};
  }
  return {static_cast<char>(0xF0 | (code_point >> 18)), tail(12), tail(6), tail(0)};
}

TEST(Utf8SequenceLength, AcceptsEveryCodePointButTheSurrogates) {
  for (std::uint32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    const std::string text = Encode(code_point);
    ASSERT_EQ(Utf8SequenceLength(text), surrogate ? 0 : text.size()) << code_point;
  }
}

TEST(IsUtf8, WantsEverySequenceWellFormed) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\u00e9\u20ac\U0001f600"));
  EXPECT_FALSE(IsUtf8("a\xff"));
  EXPECT_FALSE(IsUtf8("\xe2\x82"));
}

}  // namespace
}  // namespace nydus
