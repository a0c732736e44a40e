// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/file_reading.h"
#include "kata/share/beneath.h"
#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

using testing::HasSubstr;

// The lab becomes the root directory: what lies above it is not the test's to choose.
class TrustedDirectories : public MountLab {
 protected:
  TrustedDirectories() { umask(022); }

  // What MakeTrustedDirectories() says in there; empty for success.
  [[nodiscard]] std::string Make(const std::string& path) const {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd in(ends[0]);
    UniqueFd out(ends[1]);
    const pid_t child = fork();
    if (child == 0) _exit(MakeInside(path, out.get()));
    out.reset();
    const Result<std::string> said = ReadAll(in.get(), 4096);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return said.value_or("unreadable");
  }

  void SetMode(const std::string& name, mode_t mode) const {
    ASSERT_EQ(chmod((top_ + "/" + name).c_str(), mode), 0);
  }

  [[nodiscard]] mode_t ModeOf(const std::string& name) const {
    struct stat status = {};
    EXPECT_EQ(lstat((top_ + "/" + name).c_str(), &status), 0);
    return status.st_mode;
  }

 private:
  [[nodiscard]] int MakeInside(const std::string& path, int out) const {
    if (chroot(top_.c_str()) != 0 || chdir("/") != 0) return 1;
    const Result<UniqueFd> made = MakeTrustedDirectories(path, 0750);
    const std::string said = made ? "" : made.error().message;
    return write(out, said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1;
  }
};

TEST_F(TrustedDirectories, MissingPartsAreMade) {
  SetMode("", 0755);
  EXPECT_EQ(Make("/run/kata-containers//shared/"), "");
  for (const std::string part : {"run", "run/kata-containers", "run/kata-containers/shared"}) {
    EXPECT_EQ(ModeOf(part), S_IFDIR | 0750U) << part;
  }
  EXPECT_EQ(Make("/run/kata-containers/shared"), "");
}

TEST_F(TrustedDirectories, PartThatOthersCanWriteIsRefused) {
  SetMode("", 0755);
  (void)Directory("run/kata/shared");
  for (const mode_t mode : {0775U, 0757U}) {
    SetMode("run/kata", mode);
    EXPECT_EQ(Make("/run/kata/shared"), "'/run/kata' can be written by group or others");
    EXPECT_EQ(Make("/run/kata"), "'/run/kata' can be written by group or others");
    EXPECT_EQ(Make("/run/kata/new"), "'/run/kata' can be written by group or others");
  }
  EXPECT_FALSE(std::filesystem::exists(top_ + "/run/kata/new"));
}

// As below /tmp: nobody else can rename or replace what is ours there.
TEST_F(TrustedDirectories, StickyPartIsGoodOnTheWayAndNotAtTheEnd) {
  (void)Directory("tmp/ours");
  SetMode("", 0755);
  SetMode("tmp", 01777);
  EXPECT_EQ(Make("/tmp/ours"), "");
  EXPECT_EQ(Make("/tmp/new"), "");
  EXPECT_EQ(Make("/tmp"), "'/tmp' can be written by group or others");
}

TEST_F(TrustedDirectories, PartOfSomebodyElseIsRefused) {
  if (chown(Directory("run/theirs").c_str(), 65534, 65534) != 0) {
    GTEST_SKIP() << "needs root: only root can give a directory away";
  }
  SetMode("", 0755);
  EXPECT_EQ(Make("/run/theirs"), "'/run/theirs' belongs to user ID 65534");
  EXPECT_EQ(Make("/run/theirs/new"), "'/run/theirs' belongs to user ID 65534");
  EXPECT_FALSE(std::filesystem::exists(top_ + "/run/theirs/new"));
}

TEST_F(TrustedDirectories, LinksAndFilesAreRefused) {
  SetMode("", 0755);
  (void)Directory("run/real");
  std::filesystem::create_directory_symlink("real", top_ + "/run/link");
  std::ofstream(top_ + "/run/file") << "x";
  for (const std::string path : {"/run/link", "/run/link/new", "/run/file", "/run/file/new"}) {
    EXPECT_THAT(Make(path), HasSubstr("Not a directory")) << path;
  }
  EXPECT_FALSE(std::filesystem::exists(top_ + "/run/real/new"));
}

TEST_F(TrustedDirectories, PathsMustBeAbsoluteAndPlain) {
  SetMode("", 0755);
  EXPECT_EQ(Make("run"), "'run' is not an absolute path");
  EXPECT_EQ(Make(""), "'' is not an absolute path");
  EXPECT_EQ(Make("/run/../etc"), "'/run/../etc' has '.' or '..' in it");
  EXPECT_EQ(Make("/./run"), "'/./run' has '.' or '..' in it");
}

}  // namespace
}  // namespace nydus
