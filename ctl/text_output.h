// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nydus {

enum class Tone { kPlain, kHeading, kGood, kWarning, kBad, kFaint };

// One cell of a table. The text is printable: untrusted text in it has gone through Escape() or
// Quote() (base/text.h).
struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
};

// Builds text for people: headings, lines, tables with aligned columns.
class TextOutput {
 public:
  explicit TextOutput(bool colour) : colour_(colour) {}

  // A heading; an empty line goes before it, except at the top.
  void Heading(std::string_view text);
  void Line(std::string_view text, Tone tone = Tone::kPlain);
  // Rows indented by two blanks. A column is as wide as its widest cell; the last one is not
  // padded.
  void Table(const std::vector<std::vector<Cell>>& rows);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void Append(std::string_view text, Tone tone);

  bool colour_;
  std::string text_;
};

}  // namespace nydus
