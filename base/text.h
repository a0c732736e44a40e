// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace nydus {

namespace text_internal {

inline void Append(std::string& out, std::string_view piece) {
  out += piece;
}

template <std::integral T>
  requires(!std::same_as<T, char> && !std::same_as<T, bool>)
void Append(std::string& out, T number) {
  char digits[24];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end.ptr);
}

}  // namespace text_internal

// Joins strings and integers (decimal).
template <typename... Pieces>
std::string StrCat(const Pieces&... pieces) {
  std::string out;
  (text_internal::Append(out, pieces), ...);
  return out;
}

// The longest piece of untrusted text that a message repeats, in bytes.
inline constexpr std::size_t kMaxQuotedBytes = 256;

// Untrusted bytes made safe to print on one line: control bytes and bytes that are not part of
// valid UTF-8 become \xHH, a backslash becomes \\. Never shortens.
std::string Escape(std::string_view text);

// Escape() in single quotes, cut after kMaxQuotedBytes with "..." behind.
std::string Quote(std::string_view text);

}  // namespace nydus
