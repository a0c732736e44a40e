// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/log_tail.h"

#include <string>

#include <gmock/gmock.h>

#include "base/text.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class LogTail : public testing::Test {
 protected:
  std::string Log(const std::string& text) { return directory_.Write("nydusd.log", text); }

  TempDir directory_;
};

TEST_F(LogTail, IsTheLastLinesInTheirOrder) {
  EXPECT_THAT(LastLogLines(Log("one\ntwo\nthree\n"), 2), ElementsAre("two", "three"));
}

TEST_F(LogTail, HasALineWithoutABreakToo) {
  EXPECT_THAT(LastLogLines(Log("one\nbroken of"), 2), ElementsAre("one", "broken of"));
}

TEST_F(LogTail, PassesOverEmptyLines) {
  EXPECT_THAT(LastLogLines(Log("one\n\n\ntwo\n\n"), 2), ElementsAre("one", "two"));
}

TEST_F(LogTail, HasNothingOfBeforeTheOffset) {
  EXPECT_THAT(LastLogLines(Log("earlier\nnow\n"), 9, 8), ElementsAre("now"));
  EXPECT_THAT(LastLogLines(Log("earlier\n"), 9, 8), IsEmpty());
  EXPECT_THAT(LastLogLines(Log("cut\n"), 9, 8), IsEmpty());
}

TEST_F(LogTail, LosesColourAndEscapesTheRest) {
  EXPECT_THAT(LastLogLines(Log("\x1b[38;5;1mERROR\x1b[0m bad\x07\xff\n\x1b[1"), 2),
              ElementsAre("ERROR bad\\x07\\xff"));
}

TEST_F(LogTail, CutsLongLines) {
  EXPECT_THAT(LastLogLines(Log(std::string(5000, 'x')), 1),
              ElementsAre(std::string(kMaxQuotedBytes, 'x') + "..."));
}

TEST_F(LogTail, OfAHugeFileIsReadFromItsEnd) {
  EXPECT_THAT(LastLogLines(Log(std::string(1'000'000, '\n') + "end\n"), 1000), ElementsAre("end"));
  EXPECT_THAT(LastLogLines(Log(std::string(1'000'000, 'x')), 1000), SizeIs(1));
}

TEST_F(LogTail, OfWhatIsNoFileIsEmpty) {
  EXPECT_THAT(LastLogLines(directory_.PathOf("missing"), 3), IsEmpty());
  EXPECT_THAT(LastLogLines(directory_.path(), 3), IsEmpty());
}

}  // namespace
}  // namespace nydus
