// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_snapshotter.h"

#include "base/text.h"
#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::Not;

constexpr char kConfiguration[] = "/etc/nydus/config.toml";

class SnapshotterCheck : public MadeUpNode {
 protected:
  void SetUp() override {
    Program("/usr/bin/nydusd", "x");
    File("/etc/nydus/nydusd-config.json", "{}");
  }

  // Settings of [daemon], [snapshot] and the top, with what a good configuration has.
  void Configure(std::string_view top, std::string_view daemon, std::string_view snapshot) {
    File(kConfiguration,
         StrCat("version = 1\n", top, "\n[daemon]\n", daemon, "\n[snapshot]\n", snapshot, "\n"));
  }

  Findings Check() { return CheckSnapshotter(node_, options_); }
};

TEST_F(SnapshotterCheck, GoodSettingsAreGood) {
  Configure("", "", "enable_nydus_overlayfs = true");
  EXPECT_THAT(Check(), Finds("snapshotter", Severity::kOk));
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kNote)));
}

TEST_F(SnapshotterCheck, ProxyForGuestPullIsGood) {
  Configure("daemon_mode = 'none'", "fs_driver = 'proxy'", "enable_kata_volume = true");
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kWarning)));
}

TEST_F(SnapshotterCheck, NoConfigurationIsNotChecked) {
  EXPECT_THAT(Check(), Finds("not-checked", Severity::kNote));
}

TEST_F(SnapshotterCheck, BrokenTomlIsAnErrorThatRepeatsNothing) {
  File(kConfiguration, "auth = hunter2\n");
  EXPECT_THAT(Check(), Finds("snapshotter-configuration-invalid", Severity::kError));
  EXPECT_THAT(Check(), Not(Says("hunter")));
}

TEST_F(SnapshotterCheck, AFileOverTheLimitIsNotRead) {
  File(kConfiguration, std::string(65'537, '\n'));
  EXPECT_THAT(Check(), Says("longer than 65536 bytes"));
}

TEST_F(SnapshotterCheck, OtherVersionsAreRefused) {
  File(kConfiguration, "version = 2\n");
  EXPECT_THAT(Check(), Finds("snapshotter-configuration-version", Severity::kError));
  File(kConfiguration, "");
  EXPECT_THAT(Check(), Finds("snapshotter-configuration-version", Severity::kError));
}

TEST_F(SnapshotterCheck, ASlashInTheHelpersPathIsAWarning) {
  Configure("", "", "nydus_overlayfs_path = '/usr/local/bin/nydus-overlayfs'");
  EXPECT_THAT(Check(), Finds("helper-path-slash", Severity::kWarning));
  EXPECT_THAT(Check(), Says("log every mount of such a type with its payload"));
}

TEST_F(SnapshotterCheck, OtherNamesOfTheHelperAreWarnings) {
  Configure("", "", "nydus_overlayfs_path = 'nydus-overlayfs-2'");
  EXPECT_THAT(Check(), Finds("helper-suffix", Severity::kWarning));
  Configure("", "", "nydus_overlayfs_path = '/opt/overlay'");
  EXPECT_THAT(Check(), Finds("helper-name", Severity::kWarning));
}

TEST_F(SnapshotterCheck, BothSwitchesAreAWarning) {
  Configure("", "", "enable_nydus_overlayfs = true\nenable_kata_volume = true");
  EXPECT_THAT(Check(), Finds("kata-volume-wins", Severity::kWarning));
}

TEST_F(SnapshotterCheck, NeitherSwitchMeansNoHelper) {
  Configure("", "", "");
  EXPECT_THAT(Check(), Finds("helper-not-called", Severity::kNote));
  Configure("daemon_mode = 'none'", "", "");
  EXPECT_THAT(Check(), Not(Finds("helper-not-called", Severity::kNote)));
}

TEST_F(SnapshotterCheck, DriversThatCannotWork) {
  Configure("", "fs_driver = 'nodev'", "");
  EXPECT_THAT(Check(), Finds("fs-driver-nodev", Severity::kError));
  Configure("", "fs_driver = 'fscache'", "");
  EXPECT_THAT(Check(), Finds("fs-driver-fscache", Severity::kError));
  File("/dev/cachefiles", "");
  EXPECT_THAT(Check(), Finds("fs-driver-fscache", Severity::kWarning));
  Configure("", "fs_driver = 'fuse'", "");
  EXPECT_THAT(Check(), Finds("fs-driver-unknown", Severity::kError));
}

TEST_F(SnapshotterCheck, ProxyNeedsKataVolumes) {
  Configure("daemon_mode = 'none'", "fs_driver = 'proxy'", "");
  EXPECT_THAT(Check(), Finds("proxy-without-kata-volume", Severity::kError));
}

TEST_F(SnapshotterCheck, DaemonModes) {
  Configure("daemon_mode = 'none'", "", "");
  EXPECT_THAT(Check(), Finds("daemon-mode-none", Severity::kWarning));
  Configure("daemon_mode = 'some'", "", "");
  EXPECT_THAT(Check(), Finds("daemon-mode-unknown", Severity::kError));
  for (const char* mode : {"multiple", "dedicated", "shared"}) {
    Configure(StrCat("daemon_mode = '", mode, "'"), "", "enable_nydus_overlayfs = true");
    EXPECT_THAT(Check(), Not(HasSeverity(Severity::kNote))) << mode;
  }
}

TEST_F(SnapshotterCheck, NydusdAndItsConfigurationMustBeThere) {
  Configure("", "nydusd_path = '/opt/nydusd'\nnydusd_config = '/opt/nydusd.json'", "");
  EXPECT_THAT(Check(), Finds("nydusd-missing", Severity::kError));
  EXPECT_THAT(Check(), Finds("nydusd-configuration-missing", Severity::kError));
  File("/opt/nydusd", "not executable");
  EXPECT_THAT(Check(), Finds("nydusd-missing", Severity::kError));
  Program("/opt/nydusd", "x");
  File("/opt/nydusd.json", "{}");
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kError)));
}

TEST_F(SnapshotterCheck, NydusdIsFoundOnTheSnapshottersPath) {
  Configure("", "", "");
  RunningProcess(9, "containerd-nydus-grpc", {"--config", kConfiguration}, "PATH=/none");
  EXPECT_THAT(Check(), Finds("nydusd-missing", Severity::kError));
  RunningProcess(9, "containerd-nydus-grpc", {"--config", kConfiguration}, "PATH=/usr/bin");
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kError)));
}

TEST_F(SnapshotterCheck, BlockdevNeedsNydusImageAndLoopDevices) {
  constexpr char kTarfs[] =
      "enable_kata_volume = true\n[experimental.tarfs]\nmount_tarfs_on_host = true";
  Configure("daemon_mode = 'none'", "fs_driver = 'blockdev'", kTarfs);
  EXPECT_THAT(Check(), Finds("nydus-image-missing", Severity::kError));
  EXPECT_THAT(Check(), Finds("loop-missing", Severity::kError));
  Program("/usr/bin/nydus-image", "x");
  File("/dev/loop-control", "");
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kWarning)));
}

TEST_F(SnapshotterCheck, FlagsOfTheRunningSnapshotterWin) {
  Configure("", "", "");
  RunningProcess(9, "containerd-nydus-grpc",
                 {"--config", kConfiguration, "--fs-driver=nodev", "--nydus-overlayfs-path",
                  "/a/nydus-overlayfs"});
  EXPECT_THAT(Check(), Finds("fs-driver-nodev", Severity::kError));
  EXPECT_THAT(Check(), Finds("helper-path-slash", Severity::kWarning));
}

TEST_F(SnapshotterCheck, ARunningSnapshotterWithoutConfigurationReadsNone) {
  Configure("", "fs_driver = 'nodev'", "");
  RunningProcess(9, "containerd-nydus-grpc", {"--log-to-stdout"});
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kError)));
}

TEST_F(SnapshotterCheck, AnotherConfigurationMayBeNamed) {
  File("/opt/config.toml", "version = 1\n[daemon]\nfs_driver = 'nodev'\n");
  options_.snapshotter_configuration = "/opt/config.toml";
  EXPECT_THAT(Check(), Finds("fs-driver-nodev", Severity::kError));
}

TEST_F(SnapshotterCheck, UntrustedTextIsEscaped) {
  Configure("", "fs_driver = \"a\\u001b[31m\"", "");
  EXPECT_THAT(Check(), Says("'a\\x1b[31m'"));
}

}  // namespace
}  // namespace nydus
