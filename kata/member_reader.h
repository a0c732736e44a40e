// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

// Reads a JSON object of our own making, in which every member must be there once, with its type,
// and no other. The first failure sticks; Finish() returns it.
class MemberReader {
 public:
  // `value` outlives the reader.
  explicit MemberReader(const JsonValue& value);

  std::string String(std::string_view key);
  std::uint64_t Unsigned(std::string_view key);
  bool Bool(std::string_view key);
  // At most `limit` elements; null after a failure.
  const JsonValue* Array(std::string_view key, std::size_t limit);
  const JsonValue* Object(std::string_view key);

  // The member `key` says something else than it may.
  void Refuse(std::string_view key, std::string_view why);
  // A failure of an object further in.
  void Take(const Result<>& inner, std::string_view key);

  Result<> Finish();

 private:
  const JsonValue* Find(std::string_view key, JsonValue::Kind kind, std::string_view type);

  const JsonValue& value_;
  std::size_t taken_ = 0;
  std::optional<Error> error_;
};

}  // namespace nydus
