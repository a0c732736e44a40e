// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/json_text.h"

#include <limits>

#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

using Kind = JsonValue::Kind;

JsonValue Parse(std::string_view text) {
  Result<JsonValue> value = ParseJson(text);
  EXPECT_THAT(value, IsOk()) << text;
  return value ? std::move(*value) : JsonValue();
}

std::string Repeat(std::string_view text, std::size_t count) {
  std::string repeated;
  for (std::size_t i = 0; i < count; ++i) repeated += text;
  return repeated;
}

TEST(JsonText, ReadsEveryKindOfValue) {
  EXPECT_EQ(Parse("null").kind, Kind::kNull);
  EXPECT_EQ(Parse("true").kind, Kind::kBool);
  EXPECT_TRUE(Parse("true").boolean);
  EXPECT_EQ(Parse("false").kind, Kind::kBool);
  EXPECT_FALSE(Parse("false").boolean);
  EXPECT_EQ(Parse("7").kind, Kind::kUnsigned);
  EXPECT_EQ(Parse("\"\"").kind, Kind::kString);
  EXPECT_EQ(Parse("[]").kind, Kind::kArray);
  EXPECT_EQ(Parse("{}").kind, Kind::kObject);
}

TEST(JsonText, ReadsNestedValues) {
  const JsonValue value = Parse(R"({"a": ["b", {"c": null}], "d": 1})");
  ASSERT_THAT(value.keys, ElementsAre("a", "d"));
  ASSERT_EQ(value.elements.size(), 2U);
  const JsonValue& list = value.elements[0];
  ASSERT_EQ(list.elements.size(), 2U);
  EXPECT_THAT(list.keys, IsEmpty());
  EXPECT_EQ(list.elements[0].text, "b");
  EXPECT_THAT(list.elements[1].keys, ElementsAre("c"));
  EXPECT_EQ(value.elements[1].number, 1U);
}

TEST(JsonText, KeepsOrderAndDuplicates) {
  const JsonValue value = Parse(R"({"z":1,"a":2,"z":3,"":4})");
  EXPECT_THAT(value.keys, ElementsAre("z", "a", "z", ""));
  ASSERT_EQ(value.elements.size(), 4U);
  EXPECT_EQ(value.elements[0].number, 1U);
  EXPECT_EQ(value.elements[2].number, 3U);
}

TEST(JsonText, AllowsWhiteSpaceAround) {
  EXPECT_EQ(Parse(" \t\r\n{ \n} \t\r\n").kind, Kind::kObject);
}

struct Number {
  const char* name;
  const char* text;
  Kind kind;
  std::uint64_t number;
};

constexpr Number kNumbers[] = {
    {"Zero", "0", Kind::kUnsigned, 0},
    {"One", "1", Kind::kUnsigned, 1},
    {"TwoToThe63", "9223372036854775808", Kind::kUnsigned, std::uint64_t{1} << 63},
    {"Largest", "18446744073709551615", Kind::kUnsigned, std::numeric_limits<std::uint64_t>::max()},
    {"TwoToThe64", "18446744073709551616", Kind::kOtherNumber, 0},
    {"MinusOne", "-1", Kind::kOtherNumber, 0},
    {"MinusZero", "-0", Kind::kOtherNumber, 0},
    {"IntegerWithFraction", "1.0", Kind::kOtherNumber, 0},
    {"Fraction", "0.5", Kind::kOtherNumber, 0},
    {"Exponent", "1e3", Kind::kOtherNumber, 0},
    {"CapitalExponent", "1E+3", Kind::kOtherNumber, 0},
    {"ThirtyDigits", "100000000000000000000000000000", Kind::kOtherNumber, 0},
    {"TooSmallForADouble", "1e-400", Kind::kOtherNumber, 0},
};

class JsonNumber : public testing::TestWithParam<Number> {};

TEST_P(JsonNumber, IsUnsignedOrAnother) {
  const Result<JsonValue> value = ParseJson(GetParam().text);
  ASSERT_THAT(value, IsOk());
  EXPECT_EQ(value->kind, GetParam().kind);
  EXPECT_EQ(value->number, GetParam().number);
}

INSTANTIATE_TEST_SUITE_P(JsonText, JsonNumber, testing::ValuesIn(kNumbers), NameOfCase());

// RFC 8259 sets no limit, and Go and Rust look at the value of no number that they skip; nlohmann's
// parser does, so such a number is refused wherever it stands.
TEST(JsonText, NumberBeyondADoubleIsRefusedByName) {
  for (const std::string_view number : {"1e400", "-1e400"}) {
    EXPECT_THAT(ParseJson(number),
                HasError(ErrorKind::kUsage, "a number beyond the range of a double"));
  }
}

struct Text {
  const char* name;
  std::string_view json;
  std::string_view text;
};

constexpr Text kStrings[] = {
    {"Plain", R"("abc")", "abc"},
    {"ShortEscapes", R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
    {"EscapedControl", R"("\u0001")", "\x01"},
    {"EscapedNul", R"("a\u0000b")", std::string_view("a\0b", 3)},
    {"EscapedTwoByteCharacter", R"("\u00e9\u00E9")", "éé"},
    {"EscapedThreeByteCharacter", R"("\u6f22")", "漢"},
    {"LastBeforeTheSurrogates", R"("\ud7ff")", "\uD7FF"},
    {"FirstAfterTheSurrogates", R"("\ue000")", "\uE000"},
    {"FirstSurrogatePair", R"("\ud800\udc00")", "\U00010000"},
    {"SurrogatePairInMixedCase", R"("\uD83d\uDe00")", "😀"},
    {"LastSurrogatePair", R"("\udbff\udfff")", "\U0010FFFF"},
    {"TwoPairs", R"("\ud83d\ude00\ud83d\ude01")", "😀😁"},
    {"RawUtf8", "\"é漢😀\"", "é漢😀"},
    {"RawDelete", "\"\x7F\"", "\x7F"},
    {"EscapedBackslashBeforeASurrogateText", R"("\\ud800")", "\\ud800"},
};

class JsonString : public testing::TestWithParam<Text> {};

TEST_P(JsonString, IsDecoded) {
  const Result<JsonValue> value = ParseJson(GetParam().json);
  ASSERT_THAT(value, IsOk());
  EXPECT_EQ(value->kind, Kind::kString);
  EXPECT_EQ(value->text, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(JsonText, JsonString, testing::ValuesIn(kStrings), NameOfCase());

TEST(JsonText, KeysAreDecodedLikeStrings) {
  EXPECT_THAT(Parse(R"({"\u0061\ud83d\ude00":1})").keys, ElementsAre("a😀"));
}

struct Refusal {
  const char* name;
  std::string_view text;
  const char* message;
};

constexpr Refusal kNotJson[] = {
    {"EmptyText", "", "not JSON"},
    {"WhiteSpaceAlone", " \n", "not JSON"},
    {"Word", "invalid_json", "not JSON"},
    {"UnfinishedWord", "tru", "not JSON"},
    {"CapitalWord", "True", "not JSON"},
    {"NotANumber", "NaN", "not JSON"},
    {"LeadingZero", "[01]", "not JSON"},
    {"PlusSign", "+1", "not JSON"},
    {"MinusAlone", "-", "not JSON"},
    {"EmptyFraction", "1.", "not JSON"},
    {"EmptyExponent", "1e", "not JSON"},
    {"HexNumber", "0x10", "not JSON"},
    {"SingleQuotes", "'a'", "not JSON"},
    {"KeyWithoutQuotes", "{a:1}", "not JSON"},
    {"KeyThatIsANumber", "{1:1}", "not JSON"},
    {"MissingColon", R"({"a" 1})", "not JSON"},
    {"MissingValue", R"({"a":})", "not JSON"},
    {"TrailingCommaInObject", R"({"a":1,})", "not JSON"},
    {"TrailingCommaInArray", "[1,]", "not JSON"},
    {"Comment", "{}/* */", "not JSON"},
    {"LineComment", "// \n{}", "not JSON"},
    {"TrailingGarbage", "{}x", "not JSON"},
    {"SecondText", "{}{}", "not JSON"},
    {"TrailingBracket", "{}}", "not JSON"},
    {"UnterminatedString", R"({"a":"b)", "not JSON"},
    {"UnterminatedKey", R"({"a)", "not JSON"},
    {"UnterminatedObject", R"({"a":1)", "not JSON"},
    {"UnterminatedArray", "[1,2", "not JSON"},
    {"UnterminatedEscape", R"("\)", "not JSON"},
    {"MismatchedBrackets", "[1}", "not JSON"},
    {"UnknownEscape", R"("\x41")", "not JSON"},
    {"ShortUnicodeEscape", R"("\u00")", "not JSON"},
    {"WrongUnicodeEscape", R"("\u00g0")", "not JSON"},
    {"RawLineFeedInString", "\"a\nb\"", "not JSON"},
    {"RawTabInString", "\"a\tb\"", "not JSON"},
    {"NulInString", std::string_view("\"a\0b\"", 5), "not JSON"},
    {"NulAlone", std::string_view("\0", 1), "not JSON"},
    {"NulBeforeTheText", std::string_view("\0{}", 3), "not JSON"},
    {"NulInsideAnObject", std::string_view("{\0}", 3), "not JSON"},
    {"NulBehindTheText", std::string_view("{}\0", 3), "not JSON"},
    {"NulAndTextBehindTheText", std::string_view("{}\0{}", 5), "not JSON"},
    {"NoBreakSpaceAround", "\u00A0{}", "not JSON"},
    {"ByteOrderMark", "\uFEFF{}", "not JSON: error at byte 0"},
    {"ByteOrderMarkBehindSpace", " \uFEFF{}", "not JSON"},
    {"ByteOrderMarkAlone", "\uFEFF", "not JSON: error at byte 0"},
};

class NotJson : public testing::TestWithParam<Refusal> {};

TEST_P(NotJson, IsRefused) {
  EXPECT_THAT(ParseJson(GetParam().text), HasError(ErrorKind::kUsage, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(JsonText, NotJson, testing::ValuesIn(kNotJson), NameOfCase());

constexpr Refusal kInvalidUtf8[] = {
    {"InAString", "{\"a\":\"x\xFFy\"}", "invalid UTF-8 at byte 7"},
    {"InAKey", "{\"a\xC0\xAF\":1}", "invalid UTF-8 at byte 3"},
    {"BetweenTheTokens", "{}\x80", "invalid UTF-8 at byte 2"},
    {"CutSequence", "\"\xE2\x82\"", "invalid UTF-8 at byte 1"},
    {"CutSequenceAtTheEnd", "\"\xF0\x9F\x98", "invalid UTF-8 at byte 1"},
    {"Overlong", "\"\xE0\x80\xAF\"", "invalid UTF-8 at byte 1"},
    {"RawSurrogate", "\"ab\xED\xA0\x80\"", "invalid UTF-8 at byte 3"},
    {"AboveTheLastCodePoint", "\"\xF4\x90\x80\x80\"", "invalid UTF-8 at byte 1"},
    {"HalfAByteOrderMark", "\xEF\xBB{}", "invalid UTF-8 at byte 0"},
};

class JsonInvalidUtf8 : public testing::TestWithParam<Refusal> {};

TEST_P(JsonInvalidUtf8, IsRefusedByName) {
  EXPECT_THAT(ParseJson(GetParam().text), HasError(ErrorKind::kUsage, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(JsonText, JsonInvalidUtf8, testing::ValuesIn(kInvalidUtf8), NameOfCase());

constexpr Refusal kUnpairedSurrogates[] = {
    {"HighAlone", R"("\ud800")", "unpaired surrogate"},
    {"LastHighAlone", R"("\uDBFF")", "unpaired surrogate"},
    {"HighBeforeAnotherHigh", R"("\ud800\ud800")", "unpaired surrogate"},
    {"HighBeforeAnotherHighInTheOtherCase", R"("\ud800\uD800\ude00")", "unpaired surrogate"},
    {"HighBeforeText", R"("\ud800abcdefgh")", "unpaired surrogate"},
    {"HighBeforeAnotherEscape", R"("\ud800\nabcd")", "unpaired surrogate"},
    {"HighBeforeAnotherCharacter", R"("\ud800\u0041")", "unpaired surrogate"},
    {"HighBeforeARawCharacter", "\"\\ud800é\"", "unpaired surrogate"},
    {"HighInAKey", R"({"\ud800":1})", "unpaired surrogate"},
    {"LowAlone", R"("\udc00")", "unpaired surrogate"},
    {"LastLowAlone", R"("\uDFFF")", "unpaired surrogate"},
    {"LowBeforeHigh", R"("\udc00\ud800")", "unpaired surrogate"},
    {"LowBehindText", R"("abcdefgh\udc00")", "unpaired surrogate"},
    {"LowBehindAPair", R"("\ud83d\ude00\ude00")", "unpaired surrogate"},
    {"LowBehindTheLastBeforeTheSurrogates", R"("\ud7ff\uDC00")", "unpaired surrogate"},
    {"HighBehindTheLastBeforeTheSurrogates", R"("\ud7ff\uD800")", "unpaired surrogate"},
    {"InsideALongText", R"({"a":["b","c"],"d":"e\ud800f","g":"h"})", "unpaired surrogate"},
};

class JsonUnpairedSurrogate : public testing::TestWithParam<Refusal> {};

TEST_P(JsonUnpairedSurrogate, IsRefusedByName) {
  EXPECT_THAT(ParseJson(GetParam().text), HasError(ErrorKind::kUsage, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(JsonText, JsonUnpairedSurrogate, testing::ValuesIn(kUnpairedSurrogates),
                         NameOfCase());

// The text around the error holds a surrogate escape, but it is not what is wrong.
constexpr Refusal kNoSurrogateError[] = {
    {"GarbageBehindAPair", R"("\ud83d\ude00"x)", "not JSON"},
    {"TrailingCommaBehindAPair", R"(["\ud83d\ude00",])", "not JSON"},
    {"TextBehindAnEscapedBackslash", R"(["\\ud800",])", "not JSON"},
};

class JsonNearASurrogate : public testing::TestWithParam<Refusal> {};

TEST_P(JsonNearASurrogate, AnotherErrorKeepsItsName) {
  const Result<JsonValue> value = ParseJson(GetParam().text);
  EXPECT_THAT(value, HasError(ErrorKind::kUsage, GetParam().message));
  EXPECT_THAT(value, Not(HasError(ErrorKind::kUsage, "surrogate")));
}

INSTANTIATE_TEST_SUITE_P(JsonText, JsonNearASurrogate, testing::ValuesIn(kNoSurrogateError),
                         NameOfCase());

TEST(JsonText, ArraysNestTo32Levels) {
  EXPECT_THAT(ParseJson(Repeat("[", 32) + Repeat("]", 32)), IsOk());
  EXPECT_THAT(ParseJson(Repeat("[", 33) + Repeat("]", 33)),
              HasError(ErrorKind::kUsage, "nested deeper than 32 levels"));
}

TEST(JsonText, ObjectsNestTo32Levels) {
  EXPECT_THAT(ParseJson(Repeat(R"({"a":)", 31) + "{}" + Repeat("}", 31)), IsOk());
  EXPECT_THAT(ParseJson(Repeat(R"({"a":)", 32) + "{}" + Repeat("}", 32)),
              HasError(ErrorKind::kUsage, "nested deeper than 32 levels"));
}

TEST(JsonText, MixedNestingCountsTogether) {
  EXPECT_THAT(ParseJson(Repeat(R"([{"a":)", 16) + "1" + Repeat("}]", 16)), IsOk());
  EXPECT_THAT(ParseJson(Repeat(R"([{"a":)", 16) + "[]" + Repeat("}]", 16)),
              HasError(ErrorKind::kUsage, "nested deeper than 32 levels"));
}

TEST(JsonText, OnlyTheDepthCountsNotTheNumberOfContainers) {
  EXPECT_EQ(Parse("[" + Repeat("[],", 999) + "[]]").elements.size(), 1000U);
}

TEST(JsonText, DeepNestingIsRefusedEvenIfUnfinished) {
  EXPECT_THAT(ParseJson(Repeat("[", 100'000)),
              HasError(ErrorKind::kUsage, "nested deeper than 32 levels"));
}

TEST(JsonText, ErrorsNameThePositionInsideTheText) {
  for (const Refusal& refusal : kNotJson) {
    SCOPED_TRACE(refusal.name);
    const Result<JsonValue> value = ParseJson(refusal.text);
    if (value) continue;  // the case's own test says so
    const std::string& message = value.error().message;
    const std::size_t position = std::stoul(message.substr(message.rfind(' ') + 1));
    EXPECT_LE(position, refusal.text.size());
  }
}

}  // namespace
}  // namespace nydus
