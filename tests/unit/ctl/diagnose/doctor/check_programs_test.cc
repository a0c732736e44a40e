// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_programs.h"

#include <unistd.h>

#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::Not;

class ProgramsCheck : public MadeUpNode {
 protected:
  Findings MountFuse() { return CheckMountFuse(node_, options_); }
  Findings Helper() { return CheckHelper(node_, options_); }
  Findings MountProgram() { return CheckMountProgramsHelper(node_, options_); }
};

TEST_F(ProgramsCheck, PackagedProgramsAreGood) {
  GoodPrograms();
  EXPECT_THAT(MountFuse(), Finds("mount-fuse", Severity::kOk));
  EXPECT_THAT(Helper(), Finds("helper", Severity::kOk));
  EXPECT_THAT(Helper(), Says("1.2.3 (musl)"));
  EXPECT_THAT(MountProgram(), Finds("mount8-helper", Severity::kOk));
  EXPECT_THAT(MountFuse(), Not(HasSeverity(Severity::kError)));
}

TEST_F(ProgramsCheck, AMissingMountFuseIsAnError) {
  EXPECT_THAT(MountFuse(), Finds("mount-fuse-missing", Severity::kError));
  EXPECT_THAT(MountFuse(), Says("install the package fuse3"));
}

TEST_F(ProgramsCheck, MountFuse3DoesNotDoButMayBeLinked) {
  Program("/usr/sbin/mount.fuse3", "x");
  EXPECT_THAT(MountFuse(), Finds("mount-fuse-missing", Severity::kError));
  EXPECT_THAT(MountFuse(), Says("make a link mount.fuse beside '/usr/sbin/mount.fuse3'"));
}

TEST_F(ProgramsCheck, AMissingShellIsAnError) {
  Program("/usr/sbin/mount.fuse", "x");
  EXPECT_THAT(MountFuse(), Finds("shell-missing", Severity::kError));
}

TEST_F(ProgramsCheck, AMissingHelperIsAnError) {
  EXPECT_THAT(Helper(), Finds("helper-missing", Severity::kError));
  EXPECT_THAT(MountProgram(), Finds("mount8-helper-missing", Severity::kWarning));
}

TEST_F(ProgramsCheck, AGoHelperInFrontOfOursIsAnError) {
  GoodPrograms();
  Program("/usr/local/bin/nydus-overlayfs", GoHelper());
  EXPECT_THAT(Helper(), Finds("helper-shadowed", Severity::kError));
  EXPECT_THAT(Helper(), Says("v0.16.1 hides '/usr/sbin/nydus-overlayfs'"));
  EXPECT_THAT(Helper(), Says("remove '/usr/local/bin/nydus-overlayfs'"));
}

TEST_F(ProgramsCheck, AGoHelperBehindOursIsHarmless) {
  GoodPrograms();
  Program("/usr/bin/nydus-overlayfs", GoHelper());
  EXPECT_THAT(Helper(), Finds("helper", Severity::kOk));
}

TEST_F(ProgramsCheck, AGoHelperAloneIsAnError) {
  Program("/usr/bin/nydus-overlayfs", GoHelper());
  EXPECT_THAT(Helper(), Finds("helper-go", Severity::kError));
}

TEST_F(ProgramsCheck, AnUnknownProgramIsAWarning) {
  Program("/usr/bin/nydus-overlayfs", "#!/bin/sh\n");
  EXPECT_THAT(Helper(), Finds("helper-unknown", Severity::kWarning));
  Program("/usr/sbin/nydus-overlayfs", GoProgram("example.com/else", "v1"));
  EXPECT_THAT(Helper(), Finds("helper-unknown", Severity::kWarning));
}

TEST_F(ProgramsCheck, AnUnknownProgramInFrontOfOursIsAnError) {
  GoodPrograms();
  Program("/usr/local/sbin/nydus-overlayfs", "#!/bin/sh\n");
  EXPECT_THAT(Helper(), Finds("helper-shadowed", Severity::kError));
}

TEST_F(ProgramsCheck, WhatCannotRunHidesNothing) {
  GoodPrograms();
  File("/usr/local/bin/nydus-overlayfs", GoHelper());
  Link("/usr/local/sbin/nydus-overlayfs", "gone");
  EXPECT_THAT(Helper(), Finds("helper", Severity::kOk));
  EXPECT_THAT(Helper(), Finds("program-unusable", Severity::kWarning));
  EXPECT_THAT(Helper(),
              Says("'/usr/local/sbin/nydus-overlayfs' is a link to a file that does not"));
  EXPECT_THAT(Helper(), Says("'/usr/local/bin/nydus-overlayfs' is not executable"));
}

TEST_F(ProgramsCheck, ThePathIsThatOfTheRunningContainerd) {
  GoodPrograms();
  RunningProcess(7, "containerd", {}, "PATH=/opt/bin");
  EXPECT_THAT(MountFuse(), Says("the PATH of containerd (process 7)"));
  EXPECT_THAT(Helper(), Finds("helper-missing", Severity::kError));
  EXPECT_THAT(Helper(), Says("add /usr/sbin to the PATH of containerd"));
}

TEST_F(ProgramsCheck, AContainerdsShimIsNoContainerd) {
  GoodPrograms();
  RunningProcess(7, "containerd-shim-runc-v2", {}, "PATH=/none");
  EXPECT_THAT(Helper(), Finds("helper", Severity::kOk));
}

TEST_F(ProgramsCheck, ContainerdsOwnDirectoryComesFirst) {
  GoodPrograms();
  Program("/opt/containerd/bin/nydus-overlayfs", GoHelper());
  EXPECT_THAT(Helper(), Finds("helper-shadowed", Severity::kError));
}

TEST_F(ProgramsCheck, WithoutContainerdTheServicesPathCounts) {
  File("/usr/lib/systemd/system/containerd.service", "[Service]\nEnvironment=PATH=/first\n");
  EXPECT_THAT(Helper(), Says("the PATH of containerd.service"));
  Program("/third/nydus-overlayfs", OurProgram());
  EXPECT_THAT(Helper(), Finds("helper-missing", Severity::kError));
  File("/etc/systemd/system/containerd.service.d/path.conf",
       "[Service]\nEnvironment=\"A=b\" \"PATH=/second:/third\"\n");
  EXPECT_THAT(Helper(), Finds("helper", Severity::kOk));
}

TEST_F(ProgramsCheck, AnEnvironmentOfAnotherUserIsNotGuessedSilently) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads every environment";
  GoodPrograms();
  RunningProcess(7, "containerd", {}, "PATH=/none");
  ASSERT_EQ(chmod(Outside("/proc/7/environ").c_str(), 0), 0);
  EXPECT_THAT(MountFuse(), Finds("not-checked", Severity::kNote));
}

TEST_F(ProgramsCheck, TheSnapshottersPathToTheHelperWins) {
  GoodPrograms();
  File("/etc/nydus/config.toml",
       "version = 1\n[snapshot]\nnydus_overlayfs_path = '/opt/nydus-overlayfs'\n");
  EXPECT_THAT(Helper(), Finds("helper-missing", Severity::kError));
  Program("/opt/nydus-overlayfs", GoHelper());
  EXPECT_THAT(Helper(), Finds("helper-go", Severity::kError));
}

TEST_F(ProgramsCheck, VolatileFailsWithTheGoHelper) {
  File("/etc/nydus/config.toml", "version = 1\n[snapshot]\nenable_overlayfs_volatile = true\n");
  GoodPrograms();
  EXPECT_THAT(Helper(), Not(HasSeverity(Severity::kError)));
  Program("/usr/local/bin/nydus-overlayfs", GoHelper());
  EXPECT_THAT(Helper(), Finds("volatile-go-helper", Severity::kError));
}

TEST_F(ProgramsCheck, MountsOwnHelperMayBeAnothers) {
  Program("/sbin/mount.fuse.nydus-overlayfs", GoHelper());
  EXPECT_THAT(MountProgram(), Finds("mount8-helper-foreign", Severity::kWarning));
}

TEST_F(ProgramsCheck, TheToolIsMissing) {
  EXPECT_THAT(CheckTool(node_, options_), Finds("tool-missing", Severity::kWarning));
}

TEST_F(ProgramsCheck, ALinkInPlaceOfTheToolIsNotTrusted) {
  Link(NYDUS_TOOL_PATH, "elsewhere");
  EXPECT_THAT(CheckTool(node_, options_), Finds("tool-untrusted", Severity::kWarning));
}

class ProgramsCheckAsRoot : public ProgramsCheck {
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: only root's files are trusted";
  }
};

TEST_F(ProgramsCheckAsRoot, AProgramThatOthersCanWriteIsAWarning) {
  GoodPrograms();
  EXPECT_THAT(Helper(), Not(HasSeverity(Severity::kWarning)));
  ASSERT_EQ(chmod(Outside("/usr/sbin/mount.fuse.nydus-overlayfs").c_str(), 0775), 0);
  EXPECT_THAT(Helper(), Finds("program-writable", Severity::kWarning));
}

TEST_F(ProgramsCheckAsRoot, TheToolMayLieBesideTheHelper) {
  Program("/opt/nydus/mount.fuse.nydus-overlayfs", OurProgram());
  Link("/usr/sbin/nydus-overlayfs", "/opt/nydus/mount.fuse.nydus-overlayfs");
  Program("/opt/nydus/nydus-overlayctl", "x");
  EXPECT_THAT(CheckTool(node_, options_), Finds("tool", Severity::kOk));
}

TEST_F(ProgramsCheckAsRoot, TheToolIsTrusted) {
  Program(NYDUS_TOOL_PATH, "x");
  EXPECT_THAT(CheckTool(node_, options_), Finds("tool", Severity::kOk));
  ASSERT_EQ(chmod(Outside(NYDUS_TOOL_PATH).c_str(), 0757), 0);
  EXPECT_THAT(CheckTool(node_, options_), Finds("tool-untrusted", Severity::kWarning));
}

}  // namespace
}  // namespace nydus
