// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/json_text.h"

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
  bool parse_error(std::size_t position, const std::string&, const Exception&) {
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

// True if the text around `position`, where parsing stopped, is a \uD800 to \uDFFF escape: the
// parser stops at the last digit of a low one, and up to six bytes behind a high one.
bool StoppedAtSurrogate(std::string_view text, std::size_t position) {
  constexpr std::size_t kTwoEscapes = 12;
  const std::size_t begin = position > kTwoEscapes ? position - kTwoEscapes : 0;
  const std::string_view before = text.substr(begin, position - begin);
  const std::size_t escape = before.rfind("\\ud");
  const std::size_t upper = before.rfind("\\uD");
  const std::size_t found = escape == std::string_view::npos ? upper : escape;
  if (found == std::string_view::npos || found + 3 >= before.size()) return false;
  return std::string_view("89abcdefABCDEF").contains(before[found + 3]);
}

Failure ExplainFailure(std::string_view text, const TreeBuilder& builder) {
  if (builder.too_deep()) {
    return Fail(ErrorKind::kUsage, StrCat("JSON is nested deeper than ", kMaxJsonDepth, " levels"));
  }
  if (const std::optional<std::size_t> at = FindInvalidUtf8(text)) {
    return Fail(ErrorKind::kUsage, StrCat("JSON holds invalid UTF-8 at byte ", *at));
  }
  const std::size_t position = std::min(builder.error_position(), text.size());
  if (StoppedAtSurrogate(text, position)) {
    return Fail(ErrorKind::kUsage,
                StrCat("JSON holds an unpaired surrogate escape before byte ", position));
  }
  return Fail(ErrorKind::kUsage, StrCat("not JSON: error at byte ", position));
}

}  // namespace

Result<JsonValue> ParseJson(std::string_view text) {
  // nlohmann skips a byte order mark, RFC 8259 and Go do not allow one.
  if (text.starts_with("\xEF\xBB\xBF")) return Fail(ErrorKind::kUsage, "not JSON: error at byte 0");
  JsonValue root;
  TreeBuilder builder(root);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return ExplainFailure(text, builder);
  }
  return root;
}

}  // namespace nydus
