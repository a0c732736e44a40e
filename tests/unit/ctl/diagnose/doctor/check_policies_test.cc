// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_policies.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::Not;

constexpr char kPolicy[] = "/etc/nydus-overlayfs/payload-policy";

class PolicyCheck : public MadeUpNode {
 protected:
  Findings Check() { return CheckPayloadPolicy(node_, options_); }
};

TEST_F(PolicyCheck, NoFileIsGood) {
  EXPECT_THAT(Check(), Finds("payload-policy", Severity::kOk));
}

TEST_F(PolicyCheck, ALinkIsNotTrusted) {
  Link(kPolicy, "/etc/passwd");
  EXPECT_THAT(Check(), Finds("payload-policy-untrusted", Severity::kWarning));
}

class PolicyCheckAsRoot : public PolicyCheck {
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: only root's file is trusted";
  }
};

TEST_F(PolicyCheckAsRoot, IgnoreIsAWarning) {
  File(kPolicy, " ignore\n");
  EXPECT_THAT(Check(), Finds("payload-policy-ignore", Severity::kWarning));
}

TEST_F(PolicyCheckAsRoot, OtherWordsHaveNoEffect) {
  for (const char* text : {"", "strict\n", "Ignore\n", "ignore ignore\n"}) {
    File(kPolicy, text);
    EXPECT_THAT(Check(), Finds("payload-policy-void", Severity::kWarning)) << text;
  }
}

TEST_F(PolicyCheckAsRoot, AFileThatOthersWriteIsNotTrusted) {
  File(kPolicy, "ignore\n");
  ASSERT_EQ(chmod(Outside(kPolicy).c_str(), 0666), 0);
  EXPECT_THAT(Check(), Finds("payload-policy-untrusted", Severity::kWarning));
}

constexpr char kConfiguration[] = "/etc/nydus-overlayfs/config.toml";

class ConfigurationCheck : public MadeUpNode {
 protected:
  Findings Check() { return CheckConfigurationFile(node_, options_); }
};

TEST_F(ConfigurationCheck, NoFileIsGood) {
  EXPECT_THAT(Check(), Finds("configuration", Severity::kOk));
}

TEST_F(ConfigurationCheck, ALinkIsNotTrusted) {
  Link(kConfiguration, "/etc/passwd");
  EXPECT_THAT(Check(), Finds("configuration-untrusted", Severity::kWarning));
}

class ConfigurationCheckAsRoot : public ConfigurationCheck {
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: only root's file is trusted";
  }
};

TEST_F(ConfigurationCheckAsRoot, AGoodFileIsGood) {
  File(kConfiguration, "sandbox = 's1'\n");
  EXPECT_THAT(Check(), Finds("configuration", Severity::kOk));
}

TEST_F(ConfigurationCheckAsRoot, ABadOneIsToldWithItsLine) {
  File(kConfiguration, "sandbox = 's1'\nlayout = 'c'\n");
  const Findings findings = Check();
  EXPECT_THAT(findings, Finds("configuration-invalid", Severity::kWarning));
  EXPECT_THAT(findings.front().what, testing::HasSubstr("line 2: 'layout'"));
}

TEST_F(ConfigurationCheckAsRoot, AFileThatOthersWriteIsNotTrusted) {
  File(kConfiguration, "");
  ASSERT_EQ(chmod(Outside(kConfiguration).c_str(), 0666), 0);
  EXPECT_THAT(Check(), Finds("configuration-untrusted", Severity::kWarning));
}

class SecurityModulesCheck : public MadeUpNode {
 protected:
  Findings Check() { return CheckSecurityModules(node_, options_); }
};

TEST_F(SecurityModulesCheck, NoneIsGood) {
  EXPECT_THAT(Check(), Finds("security-modules", Severity::kOk));
}

TEST_F(SecurityModulesCheck, EnforcingSelinuxIsTold) {
  File("/sys/fs/selinux/enforce", "0");
  EXPECT_THAT(Check(), Finds("security-modules", Severity::kOk));
  File("/sys/fs/selinux/enforce", "1");
  EXPECT_THAT(Check(), Finds("selinux-enforcing", Severity::kNote));
}

TEST_F(SecurityModulesCheck, AConfinedContainerdIsAWarning) {
  RunningProcess(7, "containerd", {});
  File("/proc/7/attr/current", "unconfined\n");
  EXPECT_THAT(Check(), Finds("security-modules", Severity::kOk));
  File("/proc/7/attr/current", "snap.containerd (complain)\n");
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kWarning)));
  File("/proc/7/attr/current", "snap.containerd (enforce)\n");
  EXPECT_THAT(Check(), Finds("containerd-confined", Severity::kWarning));
}

TEST_F(SecurityModulesCheck, AConfinedFusermountIsTold) {
  File("/sys/kernel/security/apparmor/profiles", "a (enforce)\nfusermount3 (complain)\n");
  EXPECT_THAT(Check(), Finds("security-modules", Severity::kOk));
  File("/sys/kernel/security/apparmor/profiles", "a (complain)\nfusermount3 (enforce)\n");
  EXPECT_THAT(Check(), Finds("apparmor-fusermount", Severity::kNote));
}

}  // namespace
}  // namespace nydus
