// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "snapshot/payload/json_text.h"

// JSON members into C++ fields by the rules of the two decoders in use. They differ:
//
//                    Go (encoding/json)           Rust (serde)
//   key              exact, else case folded      exact
//   duplicate key    the last one wins            error
//   null             leaves or empties the field  error, except for an optional object
//   missing field    zero value                   error where the struct demands it
namespace nydus {

enum class JsonDialect { kGo, kRust };

// What a lenient decoder passes over and a strict reader wants to know.
struct JsonOddities {
  bool unknown_key = false;
  bool duplicate_key = false;
  bool folded_key = false;  // known in another case only
};

struct JsonReading {
  JsonDialect dialect = JsonDialect::kGo;
  JsonOddities* oddities = nullptr;  // may be null

  void Note(bool JsonOddities::* oddity) const {
    if (oddities != nullptr) oddities->*oddity = true;
  }
};

using JsonMap = std::map<std::string, std::string>;

Result<> ReadString(std::string& field, const JsonValue& value, const JsonReading& reading);
Result<> ReadUnsigned(std::uint64_t& field, const JsonValue& value, const JsonReading& reading);
Result<> ReadStrings(std::vector<std::string>& field, const JsonValue& value,
                     const JsonReading& reading);
Result<> ReadMap(std::optional<JsonMap>& field, const JsonValue& value, const JsonReading& reading);

// One key of a JSON object that becomes a T.
template <typename T>
struct JsonField {
  std::string_view key;
  Result<> (*read)(T& object, const JsonValue& value, const JsonReading& reading);
  bool demanded_by_rust = false;
};

// The index among `keys` that a member called `name` sets, or nothing.
std::optional<std::size_t> MatchKey(std::string_view name, std::span<const std::string_view> keys,
                                    JsonDialect dialect);

template <typename T, std::size_t kCount>
Result<> ReadObject(T& object, const JsonField<T> (&fields)[kCount], const JsonValue& value,
                    const JsonReading& reading) {
  if (value.kind == JsonValue::Kind::kNull && reading.dialect == JsonDialect::kGo) return {};
  if (value.kind != JsonValue::Kind::kObject) {
    return Fail(ErrorKind::kUsage, "is not a JSON object");
  }
  std::string_view keys[kCount];
  for (std::size_t i = 0; i < kCount; ++i) keys[i] = fields[i].key;
  bool seen[kCount] = {};
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const std::optional<std::size_t> match = MatchKey(value.keys[i], keys, reading.dialect);
    if (!match) {
      reading.Note(&JsonOddities::unknown_key);
      continue;
    }
    const JsonField<T>& field = fields[*match];
    if (seen[*match]) {
      if (reading.dialect == JsonDialect::kRust) {
        return Fail(ErrorKind::kUsage, std::string(field.key) + ": is given twice");
      }
      reading.Note(&JsonOddities::duplicate_key);
    }
    seen[*match] = true;
    if (value.keys[i] != field.key) reading.Note(&JsonOddities::folded_key);
    if (Result<> read = field.read(object, value.elements[i], reading); !read) {
      return Failure(Wrap(std::move(read.error()), field.key));
    }
  }
  for (std::size_t i = 0; i < kCount; ++i) {
    if (reading.dialect == JsonDialect::kRust && fields[i].demanded_by_rust && !seen[i]) {
      return Fail(ErrorKind::kUsage, std::string(fields[i].key) + ": is missing");
    }
  }
  return {};
}

// An object that may be absent; null makes it absent again. A second one is merged into the first,
// as Go does.
template <typename T, std::size_t kCount>
Result<> ReadOptionalObject(std::optional<T>& field, const JsonField<T> (&fields)[kCount],
                            const JsonValue& value, const JsonReading& reading) {
  if (value.kind == JsonValue::Kind::kNull) {
    field.reset();
    return {};
  }
  if (!field) field.emplace();
  return ReadObject(*field, fields, value, reading);
}

}  // namespace nydus
