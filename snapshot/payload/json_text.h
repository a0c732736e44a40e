// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace nydus {

inline constexpr std::size_t kMaxJsonDepth = 32;

// The longest payload, in bytes of JSON text. containerd's path carries at most 128 KiB of base64
// anyway, because all options travel as one argument.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{128} * 1024;

// A JSON text as written: members keep their order and their duplicates, because Go and Rust treat
// those differently and a check must see them.
struct JsonValue {
  enum class Kind { kNull, kBool, kUnsigned, kOtherNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  std::uint64_t number = 0;         // kUnsigned: an integer from 0 to 2^64-1 without fraction
  std::string text;                 // kString
  std::vector<std::string> keys;    // kObject: the key of each element
  std::vector<JsonValue> elements;  // kArray, kObject
};

// Parses one JSON text (RFC 8259). Refused by name: invalid UTF-8, an unpaired surrogate escape,
// nesting over kMaxJsonDepth, and a number beyond the range of a double. Errors give the byte
// position, never the text.
Result<JsonValue> ParseJson(std::string_view text);

// The same for at most kMaxPayloadBytes.
Result<JsonValue> ParsePayloadJson(std::string_view text);

}  // namespace nydus
