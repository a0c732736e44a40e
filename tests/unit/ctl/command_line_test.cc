// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_line.h"

#include <array>
#include <vector>

#include <gflags/gflags.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

DEFINE_uint64(test_size, 5, "BYTES: a number");
DEFINE_bool(test_switch, false, "a switch");

namespace nydus {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<VerbOutcome> DoNothing(const Operands&) {
  return VerbOutcome{};
}

constexpr std::array<std::string_view, 2> kFlags = {"test_size", "test_switch"};
const std::array<Verb, 3> kVerbs = {{
    {.name = "look", .flags = kFlags, .run = DoNothing},
    {.name = "tree make", .flags = kFlags, .run = DoNothing},
    {.name = "tree show", .run = DoNothing},
}};

Result<Invocation> Parse(const std::vector<const char*>& arguments) {
  return ParseInvocation(arguments, kVerbs);
}

class ToolCommandLine : public testing::Test {
  gflags::FlagSaver flags_at_their_defaults_;
};

TEST_F(ToolCommandLine, AVerbIsOneWordOrTwo) {
  EXPECT_EQ(Parse({"look"})->verb, &kVerbs[0]);
  EXPECT_EQ(Parse({"tree", "show"})->verb, &kVerbs[2]);
}

TEST_F(ToolCommandLine, UnknownVerbIsNamed) {
  EXPECT_THAT(Parse({"lock"}), HasError(ErrorKind::kUsage, "'lock' is no verb"));
  EXPECT_THAT(Parse({"tree", "fell"}), HasError(ErrorKind::kUsage, "'tree fell' is no verb"));
  EXPECT_THAT(Parse({"tr"}), HasError(ErrorKind::kUsage, "'tr' is no verb"));
}

TEST_F(ToolCommandLine, HalfAVerbAsksForTheOtherHalf) {
  EXPECT_THAT(Parse({"tree"}), HasError(ErrorKind::kUsage, "second word"));
}

TEST_F(ToolCommandLine, NothingIsAnError) {
  EXPECT_THAT(Parse({}), HasError(ErrorKind::kUsage, "no verb is given"));
}

TEST_F(ToolCommandLine, HelpIsForTheToolAGroupOrAVerb) {
  EXPECT_TRUE(Parse({"--help"})->help);
  EXPECT_EQ(Parse({"--help"})->verb, nullptr);
  EXPECT_EQ(Parse({"tree", "--help"})->group, "tree");
  EXPECT_EQ(Parse({"look", "x", "-h"})->verb, &kVerbs[0]);
  EXPECT_TRUE(Parse({"look", "x", "-h"})->help);
}

TEST_F(ToolCommandLine, FlagsStandAnywhereBehindTheVerb) {
  const auto invocation = Parse({"look", "a", "--test_size=7", "b", "--test_switch"});
  ASSERT_THAT(invocation, IsOk());
  EXPECT_THAT(invocation->operands, ElementsAre("a", "b"));
  EXPECT_EQ(FLAGS_test_size, 7U);
  EXPECT_TRUE(FLAGS_test_switch);
}

TEST_F(ToolCommandLine, ValueMayBeTheNextWord) {
  ASSERT_THAT(Parse({"look", "--test_size", "9"}), IsOk());
  EXPECT_EQ(FLAGS_test_size, 9U);
}

TEST_F(ToolCommandLine, DashesStandForUnderscores) {
  ASSERT_THAT(Parse({"look", "--test-size=8"}), IsOk());
  EXPECT_EQ(FLAGS_test_size, 8U);
}

TEST_F(ToolCommandLine, SwitchesAreTurnedOffByNo) {
  ASSERT_THAT(Parse({"look", "--test_switch", "--notest_switch"}), IsOk());
  EXPECT_FALSE(FLAGS_test_switch);
}

TEST_F(ToolCommandLine, BehindTwoDashesAllIsOperands) {
  const auto invocation = Parse({"look", "--", "--test_switch", "-o", "--"});
  ASSERT_THAT(invocation, IsOk());
  EXPECT_THAT(invocation->operands, ElementsAre("--test_switch", "-o", "--"));
  EXPECT_FALSE(FLAGS_test_switch);
}

TEST_F(ToolCommandLine, LoneDashIsAnOperand) {
  EXPECT_THAT(Parse({"look", "-"})->operands, ElementsAre("-"));
}

TEST_F(ToolCommandLine, ShortFlagsAreNone) {
  EXPECT_THAT(Parse({"look", "-o"}), HasError(ErrorKind::kUsage, "'-o' is no flag"));
}

TEST_F(ToolCommandLine, FlagsOfOtherVerbsAreUnknown) {
  EXPECT_THAT(Parse({"tree", "show", "--test_size=1"}),
              HasError(ErrorKind::kUsage, "tree show has no flag '--test_size'"));
}

TEST_F(ToolCommandLine, BadValueIsNamedWithItsFlag) {
  EXPECT_THAT(Parse({"look", "--test_size=many"}),
              HasError(ErrorKind::kUsage, "--test-size: 'many' is no value of this flag"));
  EXPECT_THAT(Parse({"look", "--test_switch=perhaps"}),
              HasError(ErrorKind::kUsage, "'perhaps' is no value of this flag"));
  EXPECT_THAT(Parse({"look", "--test_size"}), HasError(ErrorKind::kUsage, "needs a value"));
}

TEST_F(ToolCommandLine, BadValueIsAnsweredByWhatIsAllowed) {
  EXPECT_EQ(Parse({"look", "--test_size=many"}).error().hint, "BYTES: a number");
  EXPECT_EQ(Parse({"look", "--test_switch=perhaps"}).error().hint, "true or false");
}

TEST_F(ToolCommandLine, FlagsFromFilesAndEnvironmentAreRefused) {
  for (const char* flag : {"--flagfile=/etc/passwd", "--fromenv=PATH", "--tryfromenv=PATH",
                           "--undefok=x", "--flagfile"}) {
    EXPECT_THAT(Parse({"look", flag}), HasError(ErrorKind::kUsage, "is not accepted")) << flag;
  }
  EXPECT_THAT(Parse({"look", "-flagfile=/etc/passwd"}), HasError(ErrorKind::kUsage, "is no flag"));
}

TEST_F(ToolCommandLine, PayloadInTheWrongPlaceIsNotRepeated) {
  const std::string payload(100, 'A');
  const std::string option = "extraoption=" + payload;
  const std::string clustered = "-o" + option;
  const std::string flag = "--test-size=" + payload;
  for (const std::vector<const char*>& arguments :
       {std::vector{option.c_str()}, std::vector{"look", clustered.c_str()},
        std::vector{"look", flag.c_str()}, std::vector{"tree", payload.c_str()},
        std::vector{"look", "--test-size", payload.c_str()}}) {
    const Result<Invocation> invocation = Parse(arguments);
    ASSERT_THAT(invocation, testing::Not(IsOk()));
    EXPECT_THAT(invocation.error().message, testing::Not(HasSubstr(payload.substr(0, 40))));
  }
}

TEST_F(ToolCommandLine, UntrustedWordsAreEscapedInMessages) {
  EXPECT_THAT(Parse({"look", "--\x1b[31m"}).error().message, HasSubstr("\\x1b"));
}

}  // namespace

}  // namespace nydus
