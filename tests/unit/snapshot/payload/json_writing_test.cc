// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/json_writing.h"

#include <limits>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "snapshot/payload/json_text.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

std::string WrittenString(std::string_view text) {
  JsonObjectWriter json;
  json.AddString("k", text);
  const std::string object = json.Finish();
  return object.substr(6, object.size() - 8);  // between {"k":" and "}
}

TEST(JsonWriting, MembersKeepTheirOrderAndHaveNoSpaceBetween) {
  JsonObjectWriter json;
  json.AddString("z", "text");
  json.AddUnsigned("y", std::numeric_limits<std::uint64_t>::max());
  json.AddBool("x", true);
  json.AddBool("w", false);
  EXPECT_EQ(json.Finish(), R"({"z":"text","y":18446744073709551615,"x":true,"w":false})");
}

TEST(JsonWriting, AnEmptyObjectIsTwoBraces) {
  EXPECT_EQ(JsonObjectWriter().Finish(), "{}");
}

TEST(JsonWriting, ObjectsStandInAnArray) {
  JsonObjectWriter json;
  json.AddObjects("none", {});
  json.AddObjects("two", std::vector<std::string>{"{}", R"({"k":1})"});
  EXPECT_EQ(json.Finish(), R"({"none":[],"two":[{},{"k":1}]})");
}

TEST(JsonWriting, QuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(WrittenString(R"(a"b\c/)"), R"(a\"b\\c/)");
}

TEST(JsonWriting, ControlBytesHaveTheShortFormsThatGoKnows) {
  EXPECT_EQ(WrittenString("\b\f\n\r\t"), R"(\b\f\n\r\t)");
}

TEST(JsonWriting, OtherControlBytesAreFourLowerCaseDigits) {
  EXPECT_EQ(WrittenString(std::string_view("\0\x01\x0B\x1F", 4)), R"(\u0000\u0001\u000b\u001f)");
}

TEST(JsonWriting, DeleteIsWrittenAsItIs) {
  EXPECT_EQ(WrittenString("\x7F"), "\x7F");
}

TEST(JsonWriting, BytesWithAMeaningInHtmlAreEscaped) {
  EXPECT_EQ(WrittenString("<a href='b'>&"), R"(\u003ca href='b'\u003e\u0026)");
}

TEST(JsonWriting, LineAndParagraphSeparatorsAreEscaped) {
  EXPECT_EQ(WrittenString("\u2027\u2028\u2029\u202A"), "\u2027\\u2028\\u2029\u202A");
}

TEST(JsonWriting, OtherUnicodeIsWrittenAsItIs) {
  EXPECT_EQ(WrittenString("\u00E9\uFFFD\U0001F600"), "\u00E9\uFFFD\U0001F600");
}

TEST(JsonWriting, EachInvalidByteBecomesTheEscapedReplacementCharacter) {
  EXPECT_EQ(WrittenString("a\xFF\xC3(\xED\xA0\x80"), R"(a\ufffd\ufffd(\ufffd\ufffd\ufffd)");
}

TEST(JsonWriting, KeysAreEscapedLikeValues) {
  JsonObjectWriter json;
  json.AddString("<\n>", "");
  EXPECT_EQ(json.Finish(), R"({"\u003c\n\u003e":""})");
}

TEST(JsonWriting, ListsHaveNoSpaceBetween) {
  const std::vector<std::string> none;
  const std::vector<std::string> one = {""};
  const std::vector<std::string> three = {"ro", "a\"b", "ro"};
  JsonObjectWriter json;
  json.AddStrings("none", none);
  json.AddStrings("one", one);
  json.AddStrings("three", three);
  EXPECT_EQ(json.Finish(), R"({"none":[],"one":[""],"three":["ro","a\"b","ro"]})");
}

TEST(JsonWriting, MapsAreSortedByTheBytesOfTheirKeys) {
  JsonObjectWriter json;
  json.AddMap("map", JsonMap{{"b", "1"}, {"B", "2"}, {"\u00E9", "3"}, {"", "4"}, {"a.b", "5"}});
  EXPECT_EQ(json.Finish(), R"({"map":{"":"4","B":"2","a.b":"5","b":"1","é":"3"}})");
}

TEST(JsonWriting, AnAbsentMapIsNullAndAnEmptyOneIsNot) {
  JsonObjectWriter json;
  json.AddMap("absent", std::nullopt);
  json.AddMap("empty", JsonMap{});
  EXPECT_EQ(json.Finish(), R"({"absent":null,"empty":{}})");
}

TEST(JsonWriting, AnObjectStandsWhereItIsAdded) {
  JsonObjectWriter inner;
  inner.AddUnsigned("number", 0);
  JsonObjectWriter json;
  json.AddString("before", "");
  json.AddObject("object", inner.Finish());
  json.AddString("behind", "");
  EXPECT_EQ(json.Finish(), R"({"before":"","object":{"number":0},"behind":""})");
}

TEST(JsonWriting, EveryByteOfAsciiIsReadBackTheSame) {
  std::string text;
  for (char c = 0; c < 0x7F; ++c) text += c;
  JsonObjectWriter json;
  json.AddString("k", text);
  const Result<JsonValue> read = ParseJson(json.Finish());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->elements.at(0).text, text);
}

}  // namespace
}  // namespace nydus
