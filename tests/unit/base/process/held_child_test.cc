// SPDX-License-Identifier: Apache-2.0
#include "base/process/held_child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "base/text.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

using std::chrono::milliseconds;

std::string ReadText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Runs a shell script in a held child and says what it wrote.
class HeldChildTest : public testing::Test {
 protected:
  ChildProgram Script(const std::string& script) {
    output_ = UniqueFd(
        open(directory_.PathOf("output").c_str(), O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600));
    return {.path = "/bin/sh",
            .arguments = {"-c", script},
            .environment = {"PATH=/usr/bin:/bin"},
            .output_fd = output_.get()};
  }

  std::string OutputOf(const ChildProgram& program) {
    Result<HeldChild> child = HeldChild::Fork(program);
    EXPECT_THAT(child, IsOk());
    const Result<UniqueFd> pidfd = child->Proceed();
    EXPECT_THAT(pidfd, IsOk());
    end_ = *ReapChild(pidfd->get());
    return ReadText(directory_.PathOf("output"));
  }

  std::string OutputOf(const std::string& script) { return OutputOf(Script(script)); }

  TempDir directory_;
  UniqueFd output_;
  std::string end_;
};

bool HasNoChildren() {
  return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

TEST_F(HeldChildTest, RunsTheProgramWithItsArguments) {
  ChildProgram program = Script(R"(printf '%s|' "$0" "$@")");
  program.arguments.insert(program.arguments.end(), {"zero", "o n e", ""});
  EXPECT_EQ(OutputOf(program), "zero|o n e||");
  EXPECT_EQ(end_, "exit status 0");
}

TEST_F(HeldChildTest, HasTheGivenEnvironmentAlone) {
  ChildProgram program = Script("");
  program.path = "/usr/bin/env";
  program.arguments.clear();
  program.environment = {"NAME=value", "OTHER="};
  EXPECT_EQ(OutputOf(program), "NAME=value\nOTHER=\n");
}

TEST_F(HeldChildTest, DoesNothingBeforeItMayProceed) {
  const Result<HeldChild> child = HeldChild::Fork(Script("echo ran"));
  ASSERT_THAT(child, IsOk());
  EXPECT_EQ(*IdentifyProcess(child->identity().pid), child->identity());
  EXPECT_EQ(ReadText(directory_.PathOf("output")), "");
}

TEST_F(HeldChildTest, LeavesNothingIfItNeverProceeds) {
  ProcessIdentity identity;
  {
    const Result<HeldChild> child = HeldChild::Fork(Script("echo ran"));
    ASSERT_THAT(child, IsOk());
    identity = child->identity();
  }
  EXPECT_FALSE(OpenProcess(identity)->has_value());
  EXPECT_TRUE(HasNoChildren());
  EXPECT_EQ(ReadText(directory_.PathOf("output")), "");
}

TEST_F(HeldChildTest, HasTheIdentityOfTheProgram) {
  Result<HeldChild> child = HeldChild::Fork(Script("echo $$"));
  ASSERT_THAT(child, IsOk());
  const Result<UniqueFd> pidfd = child->Proceed();
  ASSERT_THAT(pidfd, IsOk());
  EXPECT_EQ(*ReapChild(pidfd->get()), "exit status 0");
  EXPECT_EQ(ReadText(directory_.PathOf("output")), StrCat(child->identity().pid, "\n"));
}

TEST_F(HeldChildTest, SaysThatAProgramIsMissing) {
  Result<HeldChild> child = HeldChild::Fork({.path = directory_.PathOf("missing")});
  ASSERT_THAT(child, IsOk());
  const Result<UniqueFd> proceeded = child->Proceed();
  ASSERT_THAT(proceeded, HasError(ErrorKind::kSystem, "cannot execute the program"));
  EXPECT_EQ(proceeded.error().errno_value, ENOENT);
  EXPECT_TRUE(HasNoChildren());
}

TEST_F(HeldChildTest, SaysThatAFileIsNotExecutable) {
  Result<HeldChild> child = HeldChild::Fork({.path = directory_.Write("text", "text")});
  const Result<UniqueFd> proceeded = child->Proceed();
  ASSERT_FALSE(proceeded);
  EXPECT_EQ(proceeded.error().errno_value, EACCES);
}

TEST_F(HeldChildTest, InheritsNoDescriptorButItsOutput) {
  // Such as a careless library leaves behind.
  const UniqueFd leaked(open("/dev/null", O_RDONLY));
  const UniqueFd leaked_high(fcntl(leaked.get(), F_DUPFD, 500));
  // ls(1) has one of its own, of the directory that it lists.
  EXPECT_EQ(OutputOf("ls /proc/self/fd"), "0\n1\n2\n3\n");
}

TEST_F(HeldChildTest, ReadsNothingAndWritesToDevNullUnlessToldOtherwise) {
  EXPECT_EQ(OutputOf("readlink /proc/self/fd/0"), "/dev/null\n");
  const std::string told = directory_.PathOf("told");
  ChildProgram program = Script(StrCat("readlink /proc/$$/fd/1 /proc/$$/fd/2 | cat > ", told));
  program.output_fd = -1;
  OutputOf(program);
  EXPECT_EQ(ReadText(told), "/dev/null\n/dev/null\n");
}

TEST_F(HeldChildTest, TakesStandardErrorToTheSameFile) {
  EXPECT_EQ(OutputOf("echo out; echo err >&2"), "out\nerr\n");
}

TEST_F(HeldChildTest, HasDefaultSignalDispositionsAndNoneBlocked) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  ChildProgram program = Script("");
  program.path = "/usr/bin/grep";
  program.arguments = {"-E", "^Sig(Blk|Ign)", "/proc/self/status"};
  EXPECT_EQ(OutputOf(program), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  sigprocmask(SIG_SETMASK, &before, nullptr);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
}

TEST_F(HeldChildTest, LeadsASessionInTheRootDirectoryWithItsOwnUmaskAndScore) {
  std::ofstream("/proc/self/oom_score_adj") << "100" << std::flush;
  EXPECT_EQ(OutputOf("test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo leader\n"
                     "pwd; umask; cat /proc/self/oom_score_adj"),
            "leader\n/\n0077\n0\n");
}

// A process of its own that forks a held child, lets it proceed or not, and waits to be killed.
class ForeignParent {
 public:
  ForeignParent(const ChildProgram& program, bool lets_it_proceed) {
    int ends[2] = {};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd told(ends[0]);
    const UniqueFd tells(ends[1]);
    pid_ = fork();
    if (pid_ == 0) {
      Result<HeldChild> child = HeldChild::Fork(program);
      if (lets_it_proceed) static_cast<void>(child->Proceed());
      const pid_t pid = child->identity().pid;
      static_cast<void>(!write(tells.get(), &pid, sizeof pid));
      while (true) pause();
    }
    pid_t pid = 0;
    EXPECT_EQ(read(told.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    child_ = std::move(**OpenProcess(*IdentifyProcess(pid)));
  }

  // Kills it, and says whether the child then ends of itself.
  [[nodiscard]] bool TakesItsChildAlong(milliseconds time) const {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    return *WaitForEnd(child_.get(), After(time));
  }

  [[nodiscard]] int child() const { return child_.get(); }

 private:
  pid_t pid_ = -1;
  UniqueFd child_;
};

TEST_F(HeldChildTest, EndsWithAParentThatNeverLetItProceed) {
  const ForeignParent parent(Script("echo ran"), /*lets_it_proceed=*/false);
  EXPECT_TRUE(parent.TakesItsChildAlong(milliseconds(10'000)));
  EXPECT_EQ(ReadText(directory_.PathOf("output")), "");
}

TEST_F(HeldChildTest, EndsWithItsParentIfSoAsked) {
  ChildProgram program = Script("exec sleep 60");
  program.dies_with_parent = true;
  const ForeignParent parent(program, /*lets_it_proceed=*/true);
  EXPECT_TRUE(parent.TakesItsChildAlong(milliseconds(10'000)));
}

TEST_F(HeldChildTest, OutlivesItsParentIfNotAsked) {
  const ForeignParent parent(Script("exec sleep 60"), /*lets_it_proceed=*/true);
  EXPECT_FALSE(parent.TakesItsChildAlong(milliseconds(50)));
  EXPECT_THAT(Terminate(parent.child(), milliseconds(0)), IsOk());
}

}  // namespace
}  // namespace nydus
