// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace nydus {

// One argument of StrCat(): a string, or an integer as decimal digits.
class TextPiece {
 public:
  // NOLINTBEGIN(google-explicit-constructor): StrCat() takes what converts.
  TextPiece(std::string_view text) : text_(text) {}
  TextPiece(const std::string& text) : text_(text) {}
  TextPiece(const char* text) : text_(text) {}
  template <std::integral T>
    requires(!std::same_as<T, char> && !std::same_as<T, bool>)
  TextPiece(T number)
      : text_(digits_, std::to_chars(digits_, digits_ + sizeof digits_, number).ptr) {}
  // NOLINTEND(google-explicit-constructor)
  TextPiece(const TextPiece&) = delete;
  TextPiece& operator=(const TextPiece&) = delete;

  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  char digits_[24];
  std::string_view text_;
};

std::string Join(std::initializer_list<TextPiece> pieces);

template <typename... Pieces>
std::string StrCat(const Pieces&... pieces) {
  return Join({TextPiece(pieces)...});
}

// The longest piece of untrusted text that a message repeats, in bytes.
inline constexpr std::size_t kMaxQuotedBytes = 256;

// Untrusted bytes made safe to print on one line: control bytes and bytes that are not part of
// valid UTF-8 become \xHH, a backslash becomes \\. Never shortens.
std::string Escape(std::string_view text);

// Escape() in single quotes, cut after kMaxQuotedBytes with "..." behind.
std::string Quote(std::string_view text);

}  // namespace nydus
