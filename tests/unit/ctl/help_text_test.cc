// SPDX-License-Identifier: Apache-2.0
#include "ctl/help_text.h"

#include <array>

#include <gflags/gflags.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

DEFINE_uint64(test_block_size, 4096, "BYTES: how long a block is");
DEFINE_bool(test_all, false, "all of them");

namespace nydus {

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::array<std::string_view, 2> kFlags = {"test_block_size", "test_all"};
const std::array<Verb, 2> kVerbs = {{
    {.name = "look", .summary = "looks"},
    {.name = "tree make",
     .operands = "LEAF...",
     .summary = "makes a tree",
     .description = "From leaves.\n",
     .flags = kFlags},
}};

TEST(HelpText, ToolListsEveryVerb) {
  EXPECT_THAT(ToolHelp(kVerbs), HasSubstr("  look       looks\n  tree make  makes a tree\n"));
}

TEST(HelpText, GroupListsItsVerbsAlone) {
  EXPECT_THAT(GroupHelp("tree", kVerbs), HasSubstr("tree make"));
  EXPECT_THAT(GroupHelp("tree", kVerbs), Not(HasSubstr("look")));
}

TEST(HelpText, VerbShowsUsageDescriptionAndFlags) {
  const std::string help = VerbHelp(kVerbs[1]);
  EXPECT_THAT(help, HasSubstr("Usage: nydus-overlayctl tree make [FLAG...] LEAF...\n"));
  EXPECT_THAT(help, HasSubstr("From leaves.\n"));
  EXPECT_THAT(help, HasSubstr("--test-block-size=BYTES  how long a block is (default 4096)\n"));
  EXPECT_THAT(help, HasSubstr("--test-all "));
}

TEST(HelpText, VerbWithoutFlagsPromisesNone) {
  EXPECT_EQ(VerbHelp(kVerbs[0]), "Usage: nydus-overlayctl look\n\n");
}

}  // namespace

}  // namespace nydus
