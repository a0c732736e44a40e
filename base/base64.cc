// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace nydus {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotInAlphabet = 0xFF;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values = {};
  values.fill(kNotInAlphabet);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

Failure NotBase64(std::size_t position, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat("not base64: ", why, " at byte ", position));
}

// Takes the digits of one quantum (four of them) and of the padded end.
class Decoder {
 public:
  explicit Decoder(std::string& out) : out_(out) {}

  void Digit(std::uint8_t value) {
    bits_ = (bits_ << 6) | value;
    if (++digits_ < 4) return;
    Emit(3);
    bits_ = 0;
    digits_ = 0;
  }

  // How many `=` must follow the digits so far; 0 where padding cannot stand.
  [[nodiscard]] int PaddingWanted() const { return digits_ >= 2 ? 4 - digits_ : 0; }
  [[nodiscard]] bool InsideQuantum() const { return digits_ != 0; }

  // Writes the last one or two bytes. False if bits that no byte takes are set.
  [[nodiscard]] bool Finish() {
    const int padding = 4 - digits_;
    const std::uint32_t unused = bits_ & ((1U << (2 * padding)) - 1);
    bits_ <<= 6 * padding;
    Emit(3 - padding);
    digits_ = 0;
    return unused == 0;
  }

 private:
  void Emit(int bytes) {
    for (std::uint32_t rest = bits_ << 8; bytes > 0; --bytes, rest <<= 8) {
      out_ += static_cast<char>(rest >> 24);
    }
  }

  std::string& out_;
  std::uint32_t bits_ = 0;
  int digits_ = 0;
};

// Decodes whole quanta as long as they hold nothing but digits, which in practice is all but the
// last. Returns how much of `text` that took.
std::size_t DecodeQuanta(std::string_view text, std::string& bytes) {
  const auto value = [text](std::size_t at) -> std::uint32_t {
    return kValues[static_cast<unsigned char>(text[at])];
  };
  bytes.resize(text.size() / 4 * 3);
  char* out = bytes.data();
  std::size_t taken = 0;
  for (; taken + 4 <= text.size(); taken += 4) {
    const std::uint32_t a = value(taken);
    const std::uint32_t b = value(taken + 1);
    const std::uint32_t c = value(taken + 2);
    const std::uint32_t d = value(taken + 3);
    if (((a | b | c | d) & 0xC0) != 0) break;  // only kNotInAlphabet has these bits
    const std::uint32_t bits = (a << 18) | (b << 12) | (c << 6) | d;
    *out++ = static_cast<char>(bits >> 16);
    *out++ = static_cast<char>(bits >> 8);
    *out++ = static_cast<char>(bits);
  }
  bytes.resize(static_cast<std::size_t>(out - bytes.data()));
  return taken;
}

bool IsLineBreak(char c) {
  return c == '\n' || c == '\r';
}

}  // namespace

Result<std::string> DecodeBase64(std::string_view text, Base64Reading reading) {
  const bool go = reading == Base64Reading::kGo;
  std::string bytes;
  const std::size_t taken = DecodeQuanta(text, bytes);
  Decoder decoder(bytes);
  int padding_left = 0;
  bool ended = false;
  for (std::size_t i = taken; i < text.size(); ++i) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(text[i])];
    if (value != kNotInAlphabet && !ended) {
      decoder.Digit(value);
      continue;
    }
    if (go && IsLineBreak(text[i])) continue;
    if (text[i] != '=') return NotBase64(i, ended ? "data after the padding" : "a wrong character");
    if (!ended) {
      padding_left = decoder.PaddingWanted();
      if (padding_left == 0) return NotBase64(i, "misplaced padding");
      ended = true;
      if (!decoder.Finish() && !go) return NotBase64(i, "unused bits are set");
    }
    if (padding_left-- == 0) return NotBase64(i, "too much padding");
  }
  if (decoder.InsideQuantum() || padding_left != 0) {
    return NotBase64(text.size(), "missing padding");
  }
  return bytes;
}

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t taken = bytes.size() < 3 ? bytes.size() : 3;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = (bits << 8) | (i < taken ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= taken ? kAlphabet[(bits >> (18 - (6 * i))) & 0x3F] : '=';
    }
    bytes.remove_prefix(taken);
  }
  return text;
}

std::string EncodeBase64Url(std::string_view bytes) {
  std::string text = EncodeBase64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

}  // namespace nydus
