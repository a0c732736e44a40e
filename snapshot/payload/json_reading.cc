// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/json_reading.h"

#include <algorithm>

namespace nydus {

namespace {

bool IsIgnoredNull(const JsonValue& value, const JsonReading& reading) {
  return value.kind == JsonValue::Kind::kNull && reading.dialect == JsonDialect::kGo;
}

char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Unicode simple folding as far as it can meet an ASCII key: two letters outside ASCII fold into
// it, LATIN SMALL LETTER LONG S and KELVIN SIGN.
std::string Fold(std::string_view name) {
  std::string folded;
  while (!name.empty()) {
    if (name.starts_with("\xC5\xBF")) {
      folded += 's';
      name.remove_prefix(2);
    } else if (name.starts_with("\xE2\x84\xAA")) {
      folded += 'k';
      name.remove_prefix(3);
    } else {
      folded += LowerAscii(name.front());
      name.remove_prefix(1);
    }
  }
  return folded;
}

}  // namespace

std::optional<std::size_t> MatchKey(std::string_view name, std::span<const std::string_view> keys,
                                    JsonDialect dialect) {
  auto found = std::find(keys.begin(), keys.end(), name);
  if (found == keys.end() && dialect == JsonDialect::kGo) {
    found = std::find(keys.begin(), keys.end(), Fold(name));
  }
  if (found == keys.end()) return std::nullopt;
  return static_cast<std::size_t>(found - keys.begin());
}

Result<> ReadString(std::string& field, const JsonValue& value, const JsonReading& reading) {
  if (IsIgnoredNull(value, reading)) return {};
  if (value.kind != JsonValue::Kind::kString) return Fail(ErrorKind::kUsage, "is not a string");
  field = value.text;
  return {};
}

Result<> ReadUnsigned(std::uint64_t& field, const JsonValue& value, const JsonReading& reading) {
  if (IsIgnoredNull(value, reading)) return {};
  if (value.kind != JsonValue::Kind::kUnsigned) {
    return Fail(ErrorKind::kUsage, "is not an integer from 0 to 2^64-1");
  }
  field = value.number;
  return {};
}

Result<> ReadStrings(std::vector<std::string>& field, const JsonValue& value,
                     const JsonReading& reading) {
  field.clear();
  if (IsIgnoredNull(value, reading)) return {};
  if (value.kind != JsonValue::Kind::kArray) {
    return Fail(ErrorKind::kUsage, "is not a list of strings");
  }
  for (const JsonValue& element : value.elements) {
    if (!ReadString(field.emplace_back(), element, reading)) {
      return Fail(ErrorKind::kUsage, "is not a list of strings");
    }
  }
  return {};
}

Result<> ReadMap(std::optional<JsonMap>& field, const JsonValue& value,
                 const JsonReading& reading) {
  if (IsIgnoredNull(value, reading)) {
    field.reset();
    return {};
  }
  if (value.kind != JsonValue::Kind::kObject) {
    return Fail(ErrorKind::kUsage, "is not an object of strings");
  }
  if (!field) field.emplace();
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    std::string text;
    if (!ReadString(text, value.elements[i], reading)) {
      return Fail(ErrorKind::kUsage, "is not an object of strings");
    }
    const auto [place, inserted] = field->insert_or_assign(value.keys[i], std::move(text));
    if (!inserted) reading.Note(&JsonOddities::duplicate_key);
  }
  return {};
}

}  // namespace nydus
