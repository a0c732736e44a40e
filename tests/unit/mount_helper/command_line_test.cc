// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/command_line.h"

#include <vector>

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using Arguments = std::vector<const char*>;

Result<CommandLine> Parse(const Arguments& arguments) {
  return ParseCommandLine(arguments);
}

struct Form {
  const char* name;
  Arguments arguments;
  const char* source;
  const char* target;
  const char* options;
};

class AcceptedForm : public testing::TestWithParam<Form> {};

TEST_P(AcceptedForm, IsUnderstood) {
  const Result<CommandLine> line = Parse(GetParam().arguments);
  ASSERT_THAT(line, IsOk());
  EXPECT_EQ(line->source, GetParam().source);
  EXPECT_EQ(line->target, GetParam().target);
  EXPECT_EQ(line->options, GetParam().options);
}

INSTANTIATE_TEST_SUITE_P(
    CommandLine, AcceptedForm,
    testing::Values(
        Form{"Containerd", {"overlay", "/t", "-o", "a,dev,suid"}, "overlay", "/t", "a,dev,suid"},
        Form{"Mount8", {"overlay", "/t", "-o", "rw,a"}, "overlay", "/t", "rw,a"},
        Form{"Mount8WithEverything",
             {"overlay", "/t", "-s", "-f", "-n", "-v", "-o", "rw", "-t", "fuse.nydus-overlayfs",
              "-N", "/proc/1/ns/mnt"},
             "overlay",
             "/t",
             "rw"},
        Form{"OptionsFirst", {"-o", "a", "overlay", "/t"}, "overlay", "/t", "a"},
        Form{"SwitchFirst", {"-v", "-o", "a", "overlay", "/t"}, "overlay", "/t", "a"},
        Form{"NamespaceFirst", {"-N", "/ns", "overlay", "/t", "-oa"}, "overlay", "/t", "a"},
        Form{"TypeFirst", {"-t", "nydus-overlayfs", "overlay", "/t", "-oa"}, "overlay", "/t", "a"},
        Form{"SourceLikeAnOption", {"-v", "/t", "-o", "a"}, "-v", "/t", "a"},
        Form{"SourceWithSpaces", {"my overlay #1", "/t", "-o", "a"}, "my overlay #1", "/t", "a"},
        Form{"SourceIsAPath", {"/dev/x", "/t", "-o", "a"}, "/dev/x", "/t", "a"},
        Form{"SourceLeftOutByMountFuse", {"/t", "-o", "a"}, "", "/t", "a"},
        Form{"RepeatedOptionsAreJoined",
             {"overlay", "/t", "-o", "a", "-o", "b,c", "-o", "d"},
             "overlay",
             "/t",
             "a,b,c,d"},
        Form{"OptionsInTheSameWord", {"overlay", "/t", "-oa,b"}, "overlay", "/t", "a,b"},
        Form{"Cluster", {"overlay", "/t", "-fnvo", "a"}, "overlay", "/t", "a"},
        Form{"ReadOnlySwitch", {"overlay", "/t", "-r", "-o", "a"}, "overlay", "/t", "ro,a"},
        Form{"ReadWriteSwitch", {"overlay", "/t", "-o", "a", "-w"}, "overlay", "/t", "a,rw"},
        Form{"TypeWithFuse3",
             {"overlay", "/t", "-oa", "-t", "fuse3.nydus-overlayfs"},
             "overlay",
             "/t",
             "a"},
        Form{"TypeWithPath",
             {"overlay", "/t", "-oa", "-t", "fuse./usr/bin/nydus-overlayfs-1"},
             "overlay",
             "/t",
             "a"},
        Form{"RelativeTarget", {"overlay", "t", "-o", "a"}, "overlay", "t", "a"},
        Form{"AfterDoubleDash", {"-oa", "--", "-source", "/t"}, "-source", "/t", "a"},
        Form{"UnknownLetterTolerated", {"overlay", "/t", "-sq", "-o", "a"}, "overlay", "/t", "a"}),
    [](const auto& test) { return test.param.name; });

struct RefusedForm {
  const char* name;
  Arguments arguments;
  const char* message;
};

class Refused : public testing::TestWithParam<RefusedForm> {};

TEST_P(Refused, WithAUsageError) {
  EXPECT_THAT(Parse(GetParam().arguments), HasError(ErrorKind::kUsage, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    CommandLine, Refused,
    testing::Values(RefusedForm{"Nothing", {}, "no directory"},
                    RefusedForm{"NoDirectory", {"overlay", "-o", "a"}, "no directory"},
                    RefusedForm{"NoOptions", {"overlay", "/t"}, "no mount options"},
                    RefusedForm{"NoOptionsButASwitch", {"overlay", "/t", "-r"}, "no mount options"},
                    RefusedForm{"OptionsMissing", {"overlay", "/t", "-o"}, "-o needs an argument"},
                    RefusedForm{
                        "EmptyNamespace", {"overlay", "/t", "-oa", "-N", ""}, "-N needs a file"},
                    RefusedForm{"UnknownLetter", {"overlay", "/t", "-q", "-oa"}, "option -q"},
                    RefusedForm{"UnknownLong", {"overlay", "/t", "--frob"}, "'--frob'"},
                    RefusedForm{"GflagsFile", {"overlay", "/t", "--flagfile=/x"}, "--flagfile"},
                    RefusedForm{"ThirdWord", {"overlay", "/t", "x", "-oa"}, "'x'"},
                    RefusedForm{"OtherType", {"overlay", "/t", "-oa", "-t", "ext4"}, "'ext4'"}),
    [](const auto& test) { return test.param.name; });

TEST(CommandLine, SwitchesAreRemembered) {
  const Result<CommandLine> line =
      Parse({"overlay", "/t", "-fvns", "-o", "a", "-N", "/proc/7/ns/mnt"});
  ASSERT_THAT(line, IsOk());
  EXPECT_TRUE(line->fake);
  EXPECT_TRUE(line->verbose);
  EXPECT_TRUE(line->no_utab);
  EXPECT_TRUE(line->tolerant);
  EXPECT_EQ(line->namespace_path, "/proc/7/ns/mnt");
}

TEST(CommandLine, HelpAndVersionNeedNothingElse) {
  EXPECT_TRUE(Parse({"--help"})->help);
  EXPECT_TRUE(Parse({"--version"})->version);
}

}  // namespace
}  // namespace nydus
