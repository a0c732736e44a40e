// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <numeric>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Result<std::string> Strict(std::string_view text) {
  return DecodeBase64(text, Base64Reading::kStrict);
}

Result<std::string> Go(std::string_view text) {
  return DecodeBase64(text, Base64Reading::kGo);
}

struct Vector {
  const char* name;
  std::string_view text;
  std::string_view bytes;
};

// RFC 4648, section 10.
constexpr Vector kCanonical[] = {
    {"Nothing", "", ""},
    {"OneByte", "Zg==", "f"},
    {"TwoBytes", "Zm8=", "fo"},
    {"ThreeBytes", "Zm9v", "foo"},
    {"FourBytes", "Zm9vYg==", "foob"},
    {"FiveBytes", "Zm9vYmE=", "fooba"},
    {"SixBytes", "Zm9vYmFy", "foobar"},
    {"BothSpecialDigits", "+/+/", "\xFB\xFF\xBF"},
    {"ZeroBytes", "AAA=", std::string_view("\0\0", 2)},
};

class Base64Canonical : public testing::TestWithParam<Vector> {};

TEST_P(Base64Canonical, IsReadByBothAndWritten) {
  EXPECT_EQ(Strict(GetParam().text), GetParam().bytes);
  EXPECT_EQ(Go(GetParam().text), GetParam().bytes);
  EXPECT_EQ(EncodeBase64(GetParam().bytes), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(Rfc4648, Base64Canonical, testing::ValuesIn(kCanonical), NameOfCase());

TEST(Base64, EveryLengthComesBack) {
  for (std::size_t length = 0; length <= 300; ++length) {
    SCOPED_TRACE(length);
    std::string bytes(length, '\0');
    std::iota(bytes.begin(), bytes.end(), static_cast<char>(length));
    const std::string text = EncodeBase64(bytes);
    EXPECT_EQ(text.size(), (length + 2) / 3 * 4);
    EXPECT_EQ(Strict(text), bytes);
    EXPECT_EQ(Go(text), bytes);
  }
}

TEST(Base64, EveryByteValueComesBackInEveryPlace) {
  for (int value = 0; value <= 0xFF; ++value) {
    for (std::size_t place = 0; place < 3; ++place) {
      SCOPED_TRACE(StrCat(value, " in place ", place));
      std::string bytes = "\x55\xAA\x0F";
      bytes[place] = static_cast<char>(value);
      EXPECT_EQ(Strict(EncodeBase64(bytes)), bytes);
    }
  }
}

bool IsLineBreak(char c) {
  return c == '\n' || c == '\r';
}

// Whatever neither is a digit nor has a meaning of its own.
std::string OutsideTheAlphabet() {
  std::string bytes;
  for (int value = 0; value <= 0xFF; ++value) {
    const char byte = static_cast<char>(value);
    if (!kAlphabet.contains(byte) && byte != '=' && !IsLineBreak(byte)) bytes += byte;
  }
  return bytes;
}

TEST(Base64, EveryByteOutsideTheAlphabetIsRefusedInEveryPlace) {
  EXPECT_EQ(OutsideTheAlphabet().size(), 256U - 64 - 3);
  for (const char wrong : OutsideTheAlphabet()) {
    for (std::size_t place = 0; place <= 8; ++place) {
      std::string text = "Zm9vYmE=";
      text.insert(place, 1, wrong);
      SCOPED_TRACE(Escape(text));
      EXPECT_THAT(Strict(text), HasError(ErrorKind::kUsage, StrCat("at byte ", place)));
      EXPECT_THAT(Go(text), HasError(ErrorKind::kUsage, StrCat("at byte ", place)));
    }
  }
}

TEST(Base64, LineBreaksAreSkippedInEveryPlaceByTheGoReadingAlone) {
  for (const char line_break : {'\n', '\r'}) {
    for (std::size_t place = 0; place <= 8; ++place) {
      std::string text = "Zm9vYmE=";
      text.insert(place, 1, line_break);
      SCOPED_TRACE(Escape(text));
      EXPECT_THAT(Strict(text), HasError(ErrorKind::kUsage, StrCat("at byte ", place)));
      EXPECT_EQ(Go(text), "fooba");
    }
  }
}

struct Refusal {
  const char* name;
  std::string_view text;
  const char* message;
};

constexpr Refusal kRefusedByBoth[] = {
    {"OneDigit", "Z", "missing padding at byte 1"},
    {"TwoDigitsWithoutPadding", "Zg", "missing padding at byte 2"},
    {"TwoDigitsWithOnePaddingSign", "Zg=", "missing padding at byte 3"},
    {"ThreeDigitsWithoutPadding", "Zm8", "missing padding at byte 3"},
    {"OneDigitAfterAWholeQuantum", "Zm9vY", "missing padding at byte 5"},
    {"PaddingAlone", "=", "misplaced padding at byte 0"},
    {"FourPaddingSigns", "====", "misplaced padding at byte 0"},
    {"PaddingAfterOneDigit", "Z===", "misplaced padding at byte 1"},
    {"PaddingAfterAWholeQuantum", "Zm9v=", "misplaced padding at byte 4"},
    {"ThirdPaddingSign", "Zg===", "too much padding at byte 4"},
    {"SecondPaddingSignAfterThreeDigits", "Zm8==", "too much padding at byte 4"},
    {"DigitBetweenPaddingSigns", "Zg=g", "data after the padding at byte 3"},
    {"DigitAfterThePadding", "Zg==Z", "data after the padding at byte 4"},
    {"QuantumAfterThePadding", "Zg==Zm9v", "data after the padding at byte 4"},
    {"PaddedQuantumAfterThePadding", "Zg==Zg==", "data after the padding at byte 4"},
    {"SpaceAfterThePadding", "Zg== ", "data after the padding at byte 4"},
    {"SpaceInside", "Zm 9v", "a wrong character at byte 2"},
    {"TabInside", "Zm\t9v", "a wrong character at byte 2"},
    {"UrlAlphabetMinus", "-/-/", "a wrong character at byte 0"},
    {"UrlAlphabetUnderscore", "invalid_base64", "a wrong character at byte 7"},
    {"NulByte", std::string_view("Zm\0v", 4), "a wrong character at byte 2"},
    {"NotAscii", "Zm\xC3\xA9v", "a wrong character at byte 2"},
};

class Base64Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Base64Refused, ByTheStrictReading) {
  EXPECT_THAT(Strict(GetParam().text), HasError(ErrorKind::kUsage, GetParam().message));
}

TEST_P(Base64Refused, ByTheGoReading) {
  EXPECT_THAT(Go(GetParam().text), HasError(ErrorKind::kUsage, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(Text, Base64Refused, testing::ValuesIn(kRefusedByBoth), NameOfCase());

constexpr Vector kLineBreaks[] = {
    {"LineFeedAtTheEnd", "Zm9v\n", "foo"},
    {"CarriageReturnAndLineFeedAtTheEnd", "Zm9v\r\n", "foo"},
    {"CarriageReturnAlone", "Zm\r9v", "foo"},
    {"AtTheStart", "\r\nZm9v", "foo"},
    {"InsideAQuantum", "Z\nm\r\n9\nv", "foo"},
    {"BeforeThePadding", "Zg\n==", "f"},
    {"BetweenThePaddingSigns", "Zg=\r\n=", "f"},
    {"AfterThePadding", "Zg==\n\n", "f"},
    {"NothingElse", "\n", ""},
};

class Base64LineBreaks : public testing::TestWithParam<Vector> {};

TEST_P(Base64LineBreaks, AreRefusedByTheStrictReading) {
  EXPECT_THAT(Strict(GetParam().text), HasError(ErrorKind::kUsage, "not base64: "));
}

TEST_P(Base64LineBreaks, AreSkippedByTheGoReading) {
  EXPECT_EQ(Go(GetParam().text), GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(Text, Base64LineBreaks, testing::ValuesIn(kLineBreaks), NameOfCase());

TEST(Base64, LineBreaksDoNotReplacePadding) {
  EXPECT_THAT(Go("Zg\n\n"), HasError(ErrorKind::kUsage, "missing padding"));
  EXPECT_THAT(Go("Zg=\n"), HasError(ErrorKind::kUsage, "missing padding"));
  EXPECT_THAT(Go("Zg==\nZ"), HasError(ErrorKind::kUsage, "data after the padding at byte 5"));
}

TEST(Base64, FourUnusedBitsMustBeZeroInTheStrictReadingOnly) {
  for (std::size_t unused = 1; unused < 16; ++unused) {
    // 'g' is digit 32: the sixteen digits from there differ in the four unused bits alone.
    const std::string text = {'Z', kAlphabet[32 + unused], '=', '='};
    SCOPED_TRACE(text);
    EXPECT_THAT(Strict(text), HasError(ErrorKind::kUsage, "unused bits are set at byte 2"));
    EXPECT_EQ(Go(text), "f");
  }
}

TEST(Base64, TwoUnusedBitsMustBeZeroInTheStrictReadingOnly) {
  for (std::size_t unused = 1; unused < 4; ++unused) {
    const std::string text = {'Z', 'm', kAlphabet[60 + unused], '='};
    SCOPED_TRACE(text);
    EXPECT_THAT(Strict(text), HasError(ErrorKind::kUsage, "unused bits are set at byte 3"));
    EXPECT_EQ(Go(text), "fo");
  }
}

TEST(Base64, ErrorsDoNotRepeatTheText) {
  const Result<std::string> result = Strict("qzxj!qzxj");
  ASSERT_THAT(result, HasError(ErrorKind::kUsage, ""));
  EXPECT_EQ(result.error().message, "not base64: a wrong character at byte 4");
}

}  // namespace
}  // namespace nydus
