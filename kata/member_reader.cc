// SPDX-License-Identifier: Apache-2.0
#include "kata/member_reader.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace nydus {

MemberReader::MemberReader(const JsonValue& value) : value_(value) {
  if (value.kind != JsonValue::Kind::kObject) {
    error_ = Fail(ErrorKind::kSystem, "is not a JSON object").error();
  }
}

void MemberReader::Refuse(std::string_view key, std::string_view why) {
  if (!error_) error_ = Fail(ErrorKind::kSystem, StrCat(key, ": ", why)).error();
}

void MemberReader::Take(const Result<>& inner, std::string_view key) {
  if (!inner && !error_) error_ = Wrap(inner.error(), key);
}

const JsonValue* MemberReader::Find(std::string_view key, JsonValue::Kind kind,
                                    std::string_view type) {
  if (error_) return nullptr;
  const std::ptrdiff_t count = std::ranges::count(value_.keys, key);
  if (count != 1) {
    Refuse(key, count == 0 ? "is missing" : "is given twice");
    return nullptr;
  }
  const auto index =
      static_cast<std::size_t>(std::ranges::find(value_.keys, key) - value_.keys.begin());
  ++taken_;
  if (value_.elements[index].kind == kind) return &value_.elements[index];
  Refuse(key, StrCat("is not ", type));
  return nullptr;
}

std::string MemberReader::String(std::string_view key) {
  const JsonValue* found = Find(key, JsonValue::Kind::kString, "a string");
  return found != nullptr ? found->text : std::string();
}

std::uint64_t MemberReader::Unsigned(std::string_view key) {
  const JsonValue* found = Find(key, JsonValue::Kind::kUnsigned, "a whole number");
  return found != nullptr ? found->number : 0;
}

bool MemberReader::Bool(std::string_view key) {
  const JsonValue* found = Find(key, JsonValue::Kind::kBool, "true or false");
  return found != nullptr && found->boolean;
}

const JsonValue* MemberReader::Array(std::string_view key, std::size_t limit) {
  const JsonValue* found = Find(key, JsonValue::Kind::kArray, "an array");
  if (found == nullptr || found->elements.size() <= limit) return found;
  Refuse(key, StrCat("has more than ", limit, " elements"));
  return nullptr;
}

const JsonValue* MemberReader::Object(std::string_view key) {
  return Find(key, JsonValue::Kind::kObject, "an object");
}

Result<> MemberReader::Finish() {
  if (!error_ && taken_ != value_.keys.size()) {
    error_ = Fail(ErrorKind::kSystem, "has a member that is not known").error();
  }
  if (!error_) return {};
  return Failure(std::move(*error_));
}

}  // namespace nydus
