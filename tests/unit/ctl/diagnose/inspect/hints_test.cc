// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/hints.h"

#include <gmock/gmock.h>

#include "base/base64.h"
#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> HintsOf(MountText text) {
  if (text.options.empty()) text.options = "lowerdir=/a:/b";
  return Inspect(text, {}).hints;
}

struct SymptomCase {
  std::string name;
  std::string report;
  std::string hint;
};

void PrintTo(const SymptomCase& symptom, std::ostream* out) {
  *out << symptom.report;
}

class Symptom : public testing::TestWithParam<SymptomCase> {};

TEST_P(Symptom, HasItsHint) {
  for (const int status : {1, 126, 127}) {
    EXPECT_THAT(HintsOf({.report = GetParam().report, .status = status}),
                ElementsAre(HasSubstr(GetParam().hint)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Hint, Symptom,
    testing::ValuesIn(std::vector<SymptomCase>{
        {"FuseCannotExecute", "fuse: failed to exec fuse program: No such file or directory",
         "mount.fuse cannot run the helper"},
        {"FuseCannotExecuteInOtherOrder", "No such file or directory\nfuse: failed to exec",
         "mount.fuse cannot run the helper"},
        {"HelperMayNotBeExecuted", "/bin/sh: 1: nydus-overlayfs: Permission denied", "mode 0755"},
        {"HelperNeedsNewerLibc",
         "nydus-overlayfs: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found "
         "(required by nydus-overlayfs)",
         "newer glibc"},
        {"KernelHasNoOverlay", "mount overlayfs by syscall: no such device", "modprobe overlay"},
        {"CallerMayNotMount", "mount: Operation not permitted", "may lack CAP_SYS_ADMIN"},
    }),
    NameOfCase());

TEST(Hint, NamesTheErrnoOfAReportThatIsNotShown) {
  EXPECT_THAT(HintsOf({.report = "hunter2: read-only file system; Stale file handle"}),
              ElementsAre("the report speaks of: Stale file handle; Read-only file system"));
  EXPECT_THAT(HintsOf({.report = "mount.fuse.nydus-overlayfs: /t: Invalid argument"}), IsEmpty());
}

TEST(Hint, NamesTheErrnoOfContainerdsOwnMount) {
  const Result<MountTexts> found =
      FindMounts(R"(mount source: "overlay", target: "/t", fstype: overlay, flags: 0, )"
                 R"(data: "lowerdir=/l1:/l2", err: no such file or directory)");
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(HintsOf(found->mounts[0]), Contains(HasSubstr("No such file or directory")));
}

TEST(Hint, TellsThatTheShellCouldNotRunTheHelper) {
  EXPECT_THAT(HintsOf({.report = "Exec format error", .status = 126}),
              ElementsAre(HasSubstr("could not run the helper")));
}

TEST(Hint, TellsThatThePayloadMayBeCutOrWrapped) {
  const std::string base64 = EncodeBase64(R"({"source":"/b","config":"{}","snapshotdir":"/s"})");
  const auto hints_of = [](std::string_view line) {
    const Result<MountTexts> found = FindMounts(line);
    EXPECT_THAT(found, IsOk()) << line;
    return found ? HintsOf(found->mounts[0]) : std::vector<std::string>{};
  };
  const auto tells = Contains(HasSubstr("may be cut or wrapped here: the extraoption"));
  const std::string wrapped = StrCat(base64.substr(0, 20), "\n", base64.substr(20));
  const std::string cut = base64.substr(0, base64.size() - 7);
  EXPECT_THAT(hints_of(StrCat("lowerdir=/a:/b,extraoption=", wrapped)), tells);
  EXPECT_THAT(hints_of(StrCat("lowerdir=/a:/b,extraoption=", cut)), tells);
  EXPECT_THAT(hints_of(StrCat("mount helper [mount.fuse [overlay /t -o lowerdir=/a:/b -o "
                              "extraoption=",
                              wrapped, " -t nydus-overlayfs]]")),
              tells);
  EXPECT_THAT(hints_of(cut), tells);
  EXPECT_THAT(hints_of(StrCat("extraoption=", cut, ",lowerdir=/a:/b")), Not(tells));
  EXPECT_THAT(hints_of(StrCat("lowerdir=/a:/b,extraoption=", base64)), Not(tells));
}

TEST(Hint, NamesAPayloadOptionInWrongCase) {
  EXPECT_THAT(HintsOf({.options = "lowerdir=/a:/b,ExtraOption=eyJ9"}),
              ElementsAre(HasSubstr("called ExtraOption, which nobody knows: extraoption")));
  EXPECT_THAT(HintsOf({.options = "IO.katacontainers.volume=eyJ9,lowerdir=/a:/b"}),
              ElementsAre(HasSubstr("nobody knows: io.katacontainers.volume")));
}

TEST(Hint, TellsThatASignalOfGoEndedTheProgram) {
  EXPECT_THAT(HintsOf({.signal = 9}), ElementsAre(HasSubstr("killed by signal 9")));
}

}  // namespace
}  // namespace nydus
