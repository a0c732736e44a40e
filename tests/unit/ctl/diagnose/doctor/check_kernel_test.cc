// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_kernel.h"

#include <cerrno>

#include "tests/support/mount_info.h"
#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::Not;

class KernelCheck : public MadeUpNode {
 protected:
  void SetUp() override {
    File("/proc/filesystems", "nodev\tproc\nnodev\toverlay\n\terofs\nnodev\tfuse\n");
    File("/proc/sys/kernel/osrelease", "6.1.0-test\n");
  }

  void Module(const std::string& path) {
    File("/lib/modules/6.1.0-test/modules.dep", path + ": kernel/lib/other.ko\n");
  }

  Findings Check() { return CheckKernel(node_, options_); }
};

TEST_F(KernelCheck, PresentFileSystemsAreGood) {
  EXPECT_THAT(Check(), Finds("kernel-overlay", Severity::kOk));
  EXPECT_THAT(Check(), Finds("kernel-fuse", Severity::kOk));
  EXPECT_THAT(Check(), Finds("kernel-erofs", Severity::kOk));
}

TEST_F(KernelCheck, NamesAreComparedWhole) {
  File("/proc/filesystems", "nodev\tfuse.overlay\nnodev\toverlayfs\n\tfuseblk\n");
  EXPECT_THAT(Check(), Finds("kernel-overlay", Severity::kError));
  EXPECT_THAT(Check(), Finds("kernel-fuse", Severity::kWarning));
  EXPECT_THAT(Check(), Finds("kernel-erofs", Severity::kNote));
}

TEST_F(KernelCheck, AModuleIsGoodEnough) {
  File("/proc/filesystems", "nodev\tproc\n");
  for (const char* name : {"overlay.ko", "overlay.ko.xz", "overlay.ko.zst"}) {
    Module(std::string("kernel/fs/overlayfs/") + name);
    EXPECT_THAT(Check(), Finds("kernel-overlay", Severity::kOk)) << name;
  }
  EXPECT_THAT(Check(), Says("loads overlay with the first mount"));
}

TEST_F(KernelCheck, AModuleThatMustNotBeLoadedIsAnError) {
  File("/proc/filesystems", "nodev\tproc\n");
  Module("kernel/fs/overlayfs/overlay.ko");
  File("/proc/sys/kernel/modules_disabled", "1\n");
  EXPECT_THAT(Check(), Finds("kernel-overlay", Severity::kError));
  EXPECT_THAT(Check(), Says("kernel.modules_disabled"));
}

TEST_F(KernelCheck, FuseIsNeededWhereNydusdIs) {
  File("/proc/filesystems", "nodev\toverlay\n");
  File("/etc/nydus/config.toml", "version = 1\n");
  EXPECT_THAT(Check(), Finds("kernel-fuse", Severity::kError));
  File("/etc/nydus/config.toml", "version = 1\n[daemon]\nfs_driver = 'proxy'\n");
  EXPECT_THAT(Check(), Finds("kernel-fuse", Severity::kWarning));
}

TEST_F(KernelCheck, WithoutProcNothingIsKnown) {
  File("/proc/filesystems", "");
  EXPECT_THAT(Check(), Finds("not-checked", Severity::kNote));
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kWarning)));
}

KernelTrial GoodTrial() {
  return {.mount_namespace = 0,
          .scratch = 0,
          .overlay = 0,
          .context = 0,
          .data_layers = 0,
          .mount_setattr = 0,
          .openat2 = 0,
          .layers_one_by_one = true};
}

TEST(KernelTrialJudgement, EverythingWorks) {
  EXPECT_THAT(JudgeTrial(GoodTrial()), Finds("overlay-mount", Severity::kOk));
  EXPECT_THAT(JudgeTrial(GoodTrial()), Not(HasSeverity(Severity::kNote)));
}

TEST(KernelTrialJudgement, WithoutANamespaceNothingIsSaid) {
  const Findings findings = JudgeTrial({.mount_namespace = EPERM});
  EXPECT_THAT(findings, Finds("not-checked", Severity::kNote));
  EXPECT_EQ(findings.size(), 1U);
  EXPECT_THAT(JudgeTrial({.mount_namespace = 0, .scratch = ENOSPC}),
              Finds("not-checked", Severity::kNote));
}

TEST(KernelTrialJudgement, ARefusedMountIsAnError) {
  EXPECT_THAT(JudgeTrial({.mount_namespace = 0, .scratch = EPERM}),
              Finds("overlay-mount-refused", Severity::kError));
  KernelTrial trial = GoodTrial();
  trial.overlay = EPERM;
  EXPECT_THAT(JudgeTrial(trial), Finds("overlay-mount-refused", Severity::kError));
  EXPECT_THAT(JudgeTrial(trial), Says("Operation not permitted"));
}

TEST(KernelTrialJudgement, ARefusalInAUserNamespaceSaysNothingOfRoot) {
  KernelTrial trial = GoodTrial();
  trial.overlay = EPERM;
  trial.in_user_namespace = true;
  EXPECT_THAT(JudgeTrial(trial), Not(HasSeverity(Severity::kWarning)));
  EXPECT_THAT(JudgeTrial(trial), Finds("not-checked", Severity::kNote));
}

TEST(KernelTrialJudgement, AnOlderKernelIsAWarning) {
  KernelTrial trial = GoodTrial();
  trial.layers_one_by_one = false;
  trial.context = trial.data_layers = KernelTrial::kNotTried;
  EXPECT_THAT(JudgeTrial(trial), Finds("kernel-layers-one-by-one", Severity::kWarning));
  EXPECT_THAT(JudgeTrial(trial), Not(HasSeverity(Severity::kError)));
  trial.layers_one_by_one = true;
  trial.context = ENOSYS;
  EXPECT_THAT(JudgeTrial(trial), Finds("kernel-mount-interface", Severity::kWarning));
}

TEST(KernelTrialJudgement, RareInterfacesAreNotes) {
  KernelTrial trial = GoodTrial();
  trial.data_layers = EINVAL;
  trial.mount_setattr = ENOSYS;
  trial.openat2 = ENOSYS;
  for (const char* id : {"kernel-data-layers", "kernel-mount-setattr", "kernel-openat2"}) {
    EXPECT_THAT(JudgeTrial(trial), Finds(id, Severity::kNote));
  }
  EXPECT_THAT(JudgeTrial(trial), Not(HasSeverity(Severity::kWarning)));
}

TEST(KernelTrial, LeavesNothingBehind) {
  const std::size_t before = CountMounts();
  const Result<KernelTrial> trial = TryKernel();
  ASSERT_TRUE(trial.has_value());
  EXPECT_EQ(CountMounts(), before);
}

class FuseDeviceCheck : public KernelCheck {
 protected:
  Findings Check() { return CheckFuseDevice(node_, options_); }
};

TEST_F(FuseDeviceCheck, AMissingDeviceIsAnError) {
  EXPECT_THAT(Check(), Finds("fuse-device-missing", Severity::kError));
}

TEST_F(FuseDeviceCheck, WithoutNydusdItIsANote) {
  File("/etc/nydus/config.toml", "version = 1\n[daemon]\nfs_driver = 'proxy'\n");
  EXPECT_THAT(Check(), Finds("fuse-device-missing", Severity::kNote));
}

TEST_F(FuseDeviceCheck, AFileInItsPlaceIsWrong) {
  File("/dev/fuse", "");
  EXPECT_THAT(Check(), Finds("fuse-device-wrong", Severity::kError));
}

}  // namespace
}  // namespace nydus
