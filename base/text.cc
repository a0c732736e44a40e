// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include "base/utf8.h"

namespace nydus {

namespace {

void AppendHexEscape(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 0xF];
}

// C1 controls (U+0080 to U+009F), the line and paragraph separators and the controls of writing
// direction mislead a terminal or a reader of logs as well as ASCII controls do.
bool IsUnsafe(std::string_view sequence) {
  if (sequence.size() == 1) {
    const auto byte = static_cast<unsigned char>(sequence[0]);
    return byte < 0x20 || byte == 0x7F;
  }
  if (sequence.size() == 2)
    return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
  // U+2028 to U+202E and U+2066 to U+2069.
  // NOLINTBEGIN(misc-misleading-bidirectional): what is looked for here
  return (sequence >= "\xE2\x80\xA8" && sequence <= "\xE2\x80\xAE") ||
         (sequence >= "\xE2\x81\xA6" && sequence <= "\xE2\x81\xA9");
  // NOLINTEND(misc-misleading-bidirectional)
}

}  // namespace

std::string Join(std::initializer_list<TextPiece> pieces) {
  std::size_t size = 0;
  for (const TextPiece& piece : pieces) size += piece.text().size();
  std::string joined;
  joined.reserve(size);
  for (const TextPiece& piece : pieces) joined += piece.text();
  return joined;
}

std::string Escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = Utf8SequenceLength(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    if (length == 0 || IsUnsafe(sequence)) {
      for (const char byte : sequence) AppendHexEscape(out, static_cast<unsigned char>(byte));
    } else if (sequence == "\\") {
      out += "\\\\";
    } else {
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

std::string Quote(std::string_view text) {
  if (text.size() <= kMaxQuotedBytes) return StrCat("'", Escape(text), "'");
  return StrCat("'", Escape(text.substr(0, kMaxQuotedBytes)), "...'");
}

}  // namespace nydus
