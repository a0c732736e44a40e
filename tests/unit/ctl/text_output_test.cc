// SPDX-License-Identifier: Apache-2.0
#include "ctl/text_output.h"

#include <gtest/gtest.h>

namespace nydus {

namespace {

TEST(TextOutput, TableAlignsItsColumns) {
  TextOutput output(false);
  output.Table({{{"a"}, {"b"}, {"c"}}, {{"longer"}, {"bb"}, {"cc"}}});
  EXPECT_EQ(output.text(), "  a       b   c\n  longer  bb  cc\n");
}

TEST(TextOutput, ColumnsCountCodePoints) {
  TextOutput output(false);
  output.Table({{{"\u00e4"}, {"x"}}, {{"ab"}, {"x"}}});
  EXPECT_EQ(output.text(), "  \u00e4   x\n  ab  x\n");
}

TEST(TextOutput, EmptyLineGoesBeforeEveryHeadingButTheFirst) {
  TextOutput output(false);
  output.Heading("One");
  output.Line("text");
  output.Heading("Two");
  EXPECT_EQ(output.text(), "One\ntext\n\nTwo\n");
}

TEST(TextOutput, ColourDoesNotDisturbTheColumns) {
  TextOutput output(true);
  output.Table({{{"bad", Tone::kBad}, {"x"}}, {{"worse"}, {"y"}}});
  EXPECT_EQ(output.text(), "  \x1b[31mbad\x1b[0m    x\n  worse  y\n");
}

TEST(TextOutput, WithoutColourThereIsNoEscape) {
  TextOutput output(false);
  output.Line("bad", Tone::kBad);
  EXPECT_EQ(output.text(), "bad\n");
}

}  // namespace

}  // namespace nydus
