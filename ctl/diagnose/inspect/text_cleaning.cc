// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/text_cleaning.h"

#include <charconv>
#include <optional>

namespace nydus {

namespace {

constexpr char kEscape = '\x1b';

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

// The length of the control sequence at the start of `text`, which begins with an escape.
std::size_t ControlSequenceLength(std::string_view text) {
  if (text.size() < 2) return 1;
  if (text[1] == '[') {  // parameters and intermediate bytes, then a final byte
    std::size_t end = 2;
    while (end < text.size() && text[end] >= 0x20 && text[end] < 0x40) ++end;
    return end < text.size() ? end + 1 : end;
  }
  if (text[1] == ']') {  // a string that BEL or ESC \ ends; another escape breaks it off
    const std::size_t end = text.find_first_of("\a\x1b", 2);
    if (end == std::string_view::npos) return 2;
    if (text[end] == '\a') return end + 1;
    return text.substr(end).starts_with("\x1b\\") ? end + 2 : 2;
  }
  return 2;
}

// The byte that an escape of one letter stands for.
std::optional<char> SimpleEscape(char letter) {
  switch (letter) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '"':
    case '\'':
    case '\\': return letter;
    default: return std::nullopt;
  }
}

}  // namespace

std::string CleanText(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    if (text[0] == kEscape) {
      text.remove_prefix(ControlSequenceLength(text));
      continue;
    }
    if (text.starts_with("\\\n") || text.starts_with("\\\r\n")) {
      text.remove_prefix(text[1] == '\r' ? 3 : 2);
      clean += ' ';
      continue;
    }
    if (text[0] != '\r') clean += text[0] == '\0' ? ' ' : text[0];
    text.remove_prefix(1);
  }
  return clean;
}

std::string UnquoteGo(std::string_view literal) {
  std::string text;
  text.reserve(literal.size());
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\' || i + 1 == literal.size()) {
      text += literal[i];
      continue;
    }
    const std::string_view rest = literal.substr(i + 1);
    if (const std::optional<char> byte = SimpleEscape(rest[0])) {
      text += *byte;
      ++i;
      continue;
    }
    unsigned value = 0;
    if (rest[0] == 'x' && rest.size() > 2 &&
        std::from_chars(rest.data() + 1, rest.data() + 3, value, 16).ptr == rest.data() + 3) {
      text += static_cast<char>(value);
      i += 3;
      continue;
    }
    text += '\\';
  }
  return text;
}

std::string UnquoteGo(std::string_view literal, int times) {
  std::string text(literal);
  for (int i = 0; i < times; ++i) text = UnquoteGo(text);
  return text;
}

QuotedText ReadQuoted(std::string_view text, std::size_t start) {
  std::size_t end = start + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
  end = std::min(end, text.size());
  return {.text = UnquoteGo(text.substr(start + 1, end - start - 1)),
          .end = std::min(end + 1, text.size())};
}

std::vector<std::string> SplitShellWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && (IsBlank(c) || c == '\n')) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      // In double quotes a backslash is plain before anything but these.
      const char next = text[i + 1];
      if (quote == '"' && next != '"' && next != '\\' && next != '$' && next != '`') {
        word += c;
      } else {
        word += next;
        ++i;
      }
    } else {
      word += c;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

std::vector<std::string> SplitAtBlanks(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    while (!text.empty() && IsBlank(text[0])) text.remove_prefix(1);
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view TrimBlanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

}  // namespace nydus
