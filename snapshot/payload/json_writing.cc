// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/json_writing.h"

#include <cstddef>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace nydus {

namespace {

void AppendUnicodeEscape(std::string& out, unsigned char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u00";
  out += kDigits[c >> 4U];
  out += kDigits[c & 0xFU];
}

void AppendAscii(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte < ' ' || c == '<' || c == '>' || c == '&') {
    AppendUnicodeEscape(out, byte);
  } else {
    out += c;
  }
}

void AppendSequence(std::string& out, std::string_view sequence) {
  if (sequence == "\xE2\x80\xA8") {
    out += "\\u2028";
  } else if (sequence == "\xE2\x80\xA9") {
    out += "\\u2029";
  } else if (sequence.size() == 1) {
    AppendAscii(out, sequence.front());
  } else {
    out += sequence;
  }
}

void AppendString(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = Utf8SequenceLength(text);
    if (length == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
    } else {
      AppendSequence(out, text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  out += '"';
}

}  // namespace

void JsonObjectWriter::StartMember(std::string_view key) {
  if (text_.size() > 1) text_ += ',';
  AppendString(text_, key);
  text_ += ':';
}

void JsonObjectWriter::AddString(std::string_view key, std::string_view value) {
  StartMember(key);
  AppendString(text_, value);
}

void JsonObjectWriter::AddUnsigned(std::string_view key, std::uint64_t value) {
  StartMember(key);
  text_ += StrCat(value);
}

void JsonObjectWriter::AddBool(std::string_view key, bool value) {
  StartMember(key);
  text_ += value ? "true" : "false";
}

void JsonObjectWriter::AddStrings(std::string_view key, std::span<const std::string> values) {
  StartMember(key);
  text_ += '[';
  for (const std::string& value : values) {
    if (&value != values.data()) text_ += ',';
    AppendString(text_, value);
  }
  text_ += ']';
}

void JsonObjectWriter::AddMap(std::string_view key, const std::optional<JsonMap>& map) {
  StartMember(key);
  if (!map) {
    text_ += "null";
    return;
  }
  JsonObjectWriter members;
  for (const auto& [name, value] : *map) members.AddString(name, value);
  text_ += members.Finish();
}

void JsonObjectWriter::AddObject(std::string_view key, std::string_view object) {
  StartMember(key);
  text_ += object;
}

void JsonObjectWriter::AddObjects(std::string_view key, std::span<const std::string> objects) {
  StartMember(key);
  text_ += '[';
  for (const std::string& object : objects) {
    if (&object != objects.data()) text_ += ',';
    text_ += object;
  }
  text_ += ']';
}

std::string JsonObjectWriter::Finish() {
  text_ += '}';
  return std::move(text_);
}

}  // namespace nydus
