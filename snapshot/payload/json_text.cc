// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/json_text.h"

#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/utf8.h"

namespace nydus {

namespace {

// Builds a JsonValue from nlohmann's events, which keep duplicate keys; its own value type does
// not. Every handler returns whether parsing goes on.
class TreeBuilder {
 public:
  explicit TreeBuilder(JsonValue& root) : root_(root) {}

  [[nodiscard]] bool too_deep() const { return too_deep_; }
  [[nodiscard]] bool number_overflow() const { return number_overflow_; }
  [[nodiscard]] std::size_t error_position() const { return error_position_; }

  bool null() { return Add({}); }
  bool boolean(bool value) {
    JsonValue added{.kind = JsonValue::Kind::kBool};
    added.boolean = value;
    return Add(std::move(added));
  }
  bool number_unsigned(std::uint64_t value) {
    JsonValue added{.kind = JsonValue::Kind::kUnsigned};
    added.number = value;
    return Add(std::move(added));
  }
  bool number_integer(std::int64_t) { return Add({.kind = JsonValue::Kind::kOtherNumber}); }
  bool number_float(double, const std::string&) {
    return Add({.kind = JsonValue::Kind::kOtherNumber});
  }
  bool string(std::string& value) {
    JsonValue added{.kind = JsonValue::Kind::kString};
    added.text = std::move(value);
    return Add(std::move(added));
  }
  static bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return Open(JsonValue::Kind::kObject); }
  bool start_array(std::size_t) { return Open(JsonValue::Kind::kArray); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }
  bool key(std::string& name) {
    open_.back()->keys.push_back(std::move(name));
    return true;
  }
  template <typename Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception& exception) {
    constexpr int kNumberOverflow = 406;  // nlohmann's out_of_range.406
    number_overflow_ = exception.id == kNumberOverflow;
    error_position_ = position;
    return false;
  }

 private:
  JsonValue& Place() {
    if (open_.empty()) return root_;
    return open_.back()->elements.emplace_back();
  }
  bool Add(JsonValue value) {
    Place() = std::move(value);
    return true;
  }
  bool Open(JsonValue::Kind kind) {
    too_deep_ = open_.size() == kMaxJsonDepth;
    if (too_deep_) return false;
    JsonValue& container = Place();
    container.kind = kind;
    open_.push_back(&container);
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  JsonValue& root_;
  std::vector<JsonValue*> open_;  // the path to the innermost container; none of them moves
  bool too_deep_ = false;
  bool number_overflow_ = false;
  std::size_t error_position_ = 0;
};

std::optional<std::size_t> FindInvalidUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = Utf8SequenceLength(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

// The code unit of a \uXXXX escape at the start of `text`.
std::optional<unsigned> ReadEscape(std::string_view text) {
  constexpr std::size_t kEscapeBytes = 6;
  if (text.size() < kEscapeBytes || !text.starts_with("\\u")) return std::nullopt;
  unsigned unit = 0;
  const char* end = text.data() + kEscapeBytes;
  const std::from_chars_result read = std::from_chars(text.data() + 2, end, unit, 16);
  if (read.ptr != end) return std::nullopt;
  return unit;
}

bool IsHighSurrogate(std::optional<unsigned> unit) {
  return unit && *unit >= 0xD800 && *unit < 0xDC00;
}

bool IsLowSurrogate(std::optional<unsigned> unit) {
  return unit && *unit >= 0xDC00 && *unit < 0xE000;
}

// Backslashes occur in strings only, so the escapes can be found without parsing.
std::optional<std::size_t> FindUnpairedSurrogate(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    const std::optional<unsigned> unit = ReadEscape(text.substr(at));
    const bool pair = IsHighSurrogate(unit) && IsLowSurrogate(ReadEscape(text.substr(at + 6)));
    if (!pair && (IsHighSurrogate(unit) || IsLowSurrogate(unit))) return at;
    at += pair ? 12U : 2U;
    if (at >= text.size()) break;
  }
  return std::nullopt;
}

Failure ExplainFailure(std::string_view text, const TreeBuilder& builder) {
  if (builder.too_deep()) {
    return Fail(ErrorKind::kUsage, StrCat("JSON is nested deeper than ", kMaxJsonDepth, " levels"));
  }
  if (builder.number_overflow()) {
    return Fail(ErrorKind::kUsage, "JSON holds a number beyond the range of a double");
  }
  if (const std::optional<std::size_t> at = FindInvalidUtf8(text)) {
    return Fail(ErrorKind::kUsage, StrCat("JSON holds invalid UTF-8 at byte ", *at));
  }
  const std::size_t position = std::min(builder.error_position(), text.size());
  if (const std::optional<std::size_t> at = FindUnpairedSurrogate(text.substr(0, position))) {
    return Fail(ErrorKind::kUsage, StrCat("JSON holds an unpaired surrogate escape at byte ", *at));
  }
  return Fail(ErrorKind::kUsage, StrCat("not JSON: error at byte ", position));
}

}  // namespace

Result<JsonValue> ParseJson(std::string_view text) {
  // nlohmann skips a byte order mark and stops at a zero byte; RFC 8259 and Go allow neither.
  if (text.starts_with("\xEF\xBB\xBF")) return Fail(ErrorKind::kUsage, "not JSON: error at byte 0");
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return Fail(ErrorKind::kUsage, StrCat("not JSON: error at byte ", zero));
  }
  JsonValue root;
  TreeBuilder builder(root);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return ExplainFailure(text, builder);
  }
  return root;
}

Result<JsonValue> ParsePayloadJson(std::string_view text) {
  if (text.size() > kMaxPayloadBytes) {
    return Fail(ErrorKind::kUsage, StrCat("is longer than ", kMaxPayloadBytes, " bytes"));
  }
  return ParseJson(text);
}

}  // namespace nydus
