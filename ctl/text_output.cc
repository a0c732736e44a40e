// SPDX-License-Identifier: Apache-2.0
#include "ctl/text_output.h"

#include <algorithm>
#include <utility>

namespace nydus {

namespace {

// ECMA-48, Select Graphic Rendition.
std::string_view ColourOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain: return {};
    case Tone::kHeading: return "\x1b[1m";
    case Tone::kGood: return "\x1b[32m";
    case Tone::kWarning: return "\x1b[33m";
    case Tone::kBad: return "\x1b[31m";
    case Tone::kFaint: return "\x1b[2m";
  }
  std::unreachable();
}

// Columns of a terminal, for scripts with one column per code point.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::vector<std::size_t> ColumnWidths(const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::vector<Cell>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Width(row[i].text));
    }
  }
  return widths;
}

}  // namespace

void TextOutput::Append(std::string_view text, Tone tone) {
  const std::string_view colour = colour_ ? ColourOf(tone) : std::string_view();
  text_ += colour;
  text_ += text;
  if (!colour.empty()) text_ += "\x1b[0m";
}

void TextOutput::Heading(std::string_view text) {
  if (!text_.empty()) text_ += '\n';
  Line(text, Tone::kHeading);
}

void TextOutput::Line(std::string_view text, Tone tone) {
  Append(text, tone);
  text_ += '\n';
}

void TextOutput::Table(const std::vector<std::vector<Cell>>& rows) {
  const std::vector<std::size_t> widths = ColumnWidths(rows);
  for (const std::vector<Cell>& row : rows) {
    text_ += "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      Append(row[i].text, row[i].tone);
      if (i + 1 < row.size()) text_.append(widths[i] - Width(row[i].text) + 2, ' ');
    }
    text_ += '\n';
  }
}

}  // namespace nydus
