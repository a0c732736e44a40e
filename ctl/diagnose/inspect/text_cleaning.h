// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

// What stands between a mount and the text that somebody pasted.
namespace nydus {

// Without a terminal's control sequences (ECMA-48) and carriage returns; zero bytes, which separate
// words in /proc/PID/cmdline, become blanks, and lines continued by a backslash are joined.
std::string CleanText(std::string_view text);

// The text of a Go string literal (strconv.Quote) without the quotes around it. What is no escape
// of Go stays as it is.
std::string UnquoteGo(std::string_view literal);

// The same for a literal that was quoted `times` times, which may be 0.
std::string UnquoteGo(std::string_view literal, int times);

// A quoted piece of a text: `text` is its content unquoted, `end` the position behind its end.
struct QuotedText {
  std::string text;
  std::size_t end = 0;
};

// The literal whose opening double quote is at `start`; without an end it reaches to the text's.
QuotedText ReadQuoted(std::string_view text, std::size_t start);

// Words as a shell splits them, with single and double quotes and backslashes.
std::vector<std::string> SplitShellWords(std::string_view text);

// Words between blanks and tabs.
std::vector<std::string> SplitAtBlanks(std::string_view text);

std::vector<std::string_view> SplitLines(std::string_view text);

std::string_view TrimBlanks(std::string_view text);

// With the letters of ASCII in lower case.
std::string ToLower(std::string_view text);

}  // namespace nydus
