// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/program.h"

#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

TEST(ProgramIdentity, OursIsKnownByItsVersionText) {
  EXPECT_EQ(IdentifyProgram(OurProgram()), (ProgramIdentity{ProgramMaker::kOurs, "1.2.3 (musl)"}));
}

TEST(ProgramIdentity, GoHelperIsKnownByItsBuildInformation) {
  EXPECT_EQ(
      IdentifyProgram(GoHelper()),
      (ProgramIdentity{ProgramMaker::kGo,
                       "github.com/containerd/nydus-snapshotter/cmd/nydus-overlayfs v0.16.1"}));
}

TEST(ProgramIdentity, GoWithoutReadableInformationIsStillGo) {
  const std::string whole = GoHelper();
  const std::size_t magic = whole.find("\xFF Go");
  for (std::size_t length = magic + 32; length < whole.size(); ++length) {
    EXPECT_EQ(IdentifyProgram(std::string_view(whole).substr(0, length)).maker, ProgramMaker::kGo);
  }
  EXPECT_EQ(IdentifyProgram(std::string_view(whole).substr(0, magic + 31)).maker,
            ProgramMaker::kOther);
}

TEST(ProgramIdentity, ALengthWithoutEndIsRefused) {
  std::string bytes = GoHelper();
  const std::size_t at = bytes.find("\xFF Go") + 32;
  bytes.replace(at, std::string::npos, std::string(20, '\xFF'));
  EXPECT_EQ(IdentifyProgram(bytes), (ProgramIdentity{ProgramMaker::kGo, ""}));
}

TEST(ProgramIdentity, NamesFromAProgramAreEscaped) {
  EXPECT_EQ(IdentifyProgram(GoProgram("a\x1b[31m", "v1")).description, "a\\x1b[31m v1");
}

TEST(ProgramIdentity, OthersAreOthers) {
  EXPECT_EQ(IdentifyProgram("").maker, ProgramMaker::kOther);
  EXPECT_EQ(IdentifyProgram("\x7F"
                            "ELF and nothing")
                .maker,
            ProgramMaker::kOther);
  EXPECT_EQ(IdentifyProgram("#!/bin/sh\necho mount.fuse.nydus-overlayfs 1.2.3 (musl)\n").maker,
            ProgramMaker::kOther);
  EXPECT_EQ(IdentifyProgram("\x7F"
                            "ELF mount.fuse.nydus-overlayfs 1.2.3")
                .maker,
            ProgramMaker::kOther);
}

class SearchOnPath : public MadeUpNode {};

TEST_F(SearchOnPath, FindsFilesInTheOrderOfThePath) {
  Program("/b/x", "b");
  Program("/a/x", "a");
  Program("/c/y", "c");
  EXPECT_THAT(FindOnPath(node_, "/a:/none:/b:/c", "x"),
              ElementsAre(Field(&Program::path, "/a/x"), Field(&Program::path, "/b/x")));
}

TEST_F(SearchOnPath, ADirectoryByAnotherNameIsNotASecondPlace) {
  Program("/usr/sbin/x", "x");
  Link("/sbin", "/usr/sbin");
  EXPECT_THAT(FindOnPath(node_, "/usr/sbin:/sbin", "x"),
              ElementsAre(Field(&Program::path, "/usr/sbin/x")));
}

TEST_F(SearchOnPath, RelativeAndEmptyDirectoriesArePassedOver) {
  Program("/a/x", "a");
  EXPECT_THAT(FindOnPath(node_, "a::./a:", "x"), IsEmpty());
  EXPECT_THAT(FindOnPath(node_, "", "x"), IsEmpty());
}

TEST_F(SearchOnPath, NamesWhatIsWrong) {
  File("/a/x", "not executable");
  Link("/b/x", "nowhere");
  Directory("/c/x");
  EXPECT_THAT(FindOnPath(node_, "/a:/b:/c", "x"),
              ElementsAre(Field(&Program::fault, ProgramFault::kNotExecutable),
                          Field(&Program::fault, ProgramFault::kDanglingLink),
                          Field(&Program::fault, ProgramFault::kNoRegularFile)));
}

TEST_F(SearchOnPath, LinksStayWithinTheNode) {
  Program("/opt/x", OurProgram());
  Link("/a/x", "/opt/x");
  const auto programs = FindOnPath(node_, "/a", "x");
  ASSERT_EQ(programs.size(), 1U);
  EXPECT_EQ(programs[0].identity.maker, ProgramMaker::kOurs);
}

}  // namespace
}  // namespace nydus
