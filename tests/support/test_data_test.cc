// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_data.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/captured_command_lines.h"

namespace nydus {
namespace {

using testing::EndsWith;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(TestData, IsReadAsItLies) {
  EXPECT_THAT(ReadTestData("captured-command-lines.json"), StartsWith("["));
  EXPECT_THAT(ReadTestData("captured-command-lines.json"), EndsWith("]\n"));
}

TEST(TestDataDeathTest, MissingFilesEndTheProgram) {
  EXPECT_DEATH(ReadTestData("no-such-file"), "no-such-file");
}

TEST(CapturedCommandLines, AreAllThereUnderDifferentNames) {
  std::set<std::string> names;
  for (const CapturedCommandLine& line : CapturedCommandLines()) {
    SCOPED_TRACE(line.name);
    EXPECT_TRUE(names.insert(line.name).second);
    EXPECT_THAT(line.argv, Not(IsEmpty()));
    EXPECT_THAT(line.payloads, Not(IsEmpty()));
  }
  EXPECT_EQ(names.size(), 27U);
}

}  // namespace
}  // namespace nydus
