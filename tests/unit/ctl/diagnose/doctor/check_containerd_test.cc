// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_containerd.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "base/text.h"
#include "base/unique_fd.h"
#include "tests/support/named_cases.h"
#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::Not;

constexpr char kConfiguration[] = "/etc/containerd/config.toml";
constexpr char kPlugin[] =
    "version = 2\n[proxy_plugins.nydus]\ntype = 'snapshot'\naddress = '/run/s.sock'\n";
constexpr char kSnapshotter[] = "version = 1\naddress = '/run/s.sock'\n";

class ContainerdCheck : public MadeUpNode {
 protected:
  void SetUp() override { File("/etc/nydus/config.toml", kSnapshotter); }

  // A socket of the node on which somebody listens while the result lives.
  UniqueFd Listen(const std::string& path) const {
    Directory("/run");
    UniqueFd server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string outside = Outside(path);
    EXPECT_LT(outside.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, outside.data(), outside.size());
    EXPECT_EQ(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(server.get(), 5), 0);
    return server;
  }

  Findings Check() { return CheckContainerd(node_, options_); }
};

TEST_F(ContainerdCheck, AKnownAndListeningSnapshotterIsGood) {
  const UniqueFd server = Listen("/run/s.sock");
  File(kConfiguration, StrCat(kPlugin,
                              "[plugins.'io.containerd.grpc.v1.cri'.containerd]\n"
                              "snapshotter = 'nydus'\ndisable_snapshot_annotations = false\n"));
  EXPECT_THAT(Check(), Finds("proxy-plugin", Severity::kOk));
  EXPECT_THAT(Check(), Finds("snapshotter-socket", Severity::kOk));
  EXPECT_THAT(Check(), Finds("cri", Severity::kOk));
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kWarning)));
}

TEST_F(ContainerdCheck, NoConfigurationAndNoContainerdIsNotChecked) {
  EXPECT_THAT(Check(), Finds("not-checked", Severity::kNote));
  EXPECT_THAT(Check(), Not(HasSeverity(Severity::kWarning)));
}

TEST_F(ContainerdCheck, ARunningContainerdWithoutConfigurationKnowsNoSnapshotter) {
  RunningProcess(5, "containerd", {});
  EXPECT_THAT(Check(), Finds("proxy-plugin-missing", Severity::kError));
}

TEST_F(ContainerdCheck, AConfigurationWithoutThePluginIsAnError) {
  File(kConfiguration, "version = 2\n[proxy_plugins.stargz]\ntype = 'snapshot'\naddress = '/x'\n");
  EXPECT_THAT(Check(), Finds("proxy-plugin-missing", Severity::kError));
  EXPECT_THAT(Check(), Says("address = \"/run/s.sock\""));
}

TEST_F(ContainerdCheck, APluginOfAnotherTypeIsNone) {
  File(kConfiguration, "[proxy_plugins.nydus]\ntype = 'content'\naddress = '/run/s.sock'\n");
  EXPECT_THAT(Check(), Finds("proxy-plugin-missing", Severity::kError));
}

TEST_F(ContainerdCheck, BrokenTomlIsAnErrorThatRepeatsNothing) {
  File(kConfiguration, "version = 2\nauth = hunter2\n");
  EXPECT_THAT(Check(), Finds("containerd-configuration-invalid", Severity::kError));
  EXPECT_THAT(Check(), Says("/etc/containerd/config.toml: line 2"));
  EXPECT_THAT(Check(), Not(Says("hunter")));
}

TEST_F(ContainerdCheck, TheRunningContainerdsConfigurationCounts) {
  File(kConfiguration, "version = 2\n");
  File("/etc/other.toml", kPlugin);
  for (const char* flag : {"-c", "--config"}) {
    RunningProcess(5, "containerd", {"--log-level", "info", flag, "/etc/other.toml"});
    EXPECT_THAT(Check(), Finds("proxy-plugin", Severity::kOk));
  }
  RunningProcess(5, "containerd", {"--config=/etc/other.toml"});
  EXPECT_THAT(Check(), Finds("proxy-plugin", Severity::kOk));
  options_.containerd_configuration = kConfiguration;
  EXPECT_THAT(Check(), Finds("proxy-plugin-missing", Severity::kError));
}

TEST_F(ContainerdCheck, ImportsAreRead) {
  File(kConfiguration, "version = 2\nimports = ['conf.d/*.toml', '/opt/more.toml']\n");
  File("/opt/more.toml", "");
  EXPECT_THAT(Check(), Finds("proxy-plugin-missing", Severity::kError));
  File("/etc/containerd/conf.d/nydus.toml", kPlugin);
  File("/etc/containerd/conf.d/nydus.txt", "no toml");
  EXPECT_THAT(Check(), Finds("proxy-plugin", Severity::kOk));
}

TEST_F(ContainerdCheck, ALaterFileWins) {
  File(kConfiguration, StrCat("imports = ['more.toml']\n", kPlugin));
  File("/etc/containerd/more.toml", "[proxy_plugins.nydus]\naddress = '/run/other.sock'\n");
  EXPECT_THAT(Check(), Says("'/run/other.sock' does not exist"));
}

TEST_F(ContainerdCheck, ImportsInACircleEnd) {
  File(kConfiguration, StrCat("imports = ['config.toml', 'other.toml']\n", kPlugin));
  File("/etc/containerd/other.toml", "imports = ['config.toml']\n");
  EXPECT_THAT(Check(), Finds("proxy-plugin", Severity::kOk));
}

TEST_F(ContainerdCheck, AMissingImportStopsContainerd) {
  File(kConfiguration, "imports = ['absent.toml']\n");
  EXPECT_THAT(Check(), Finds("containerd-configuration-invalid", Severity::kError));
  EXPECT_THAT(Check(), Says("import '/etc/containerd/absent.toml'"));
}

TEST_F(ContainerdCheck, TooManyImportsAreRefused) {
  for (int i = 0; i < 70; ++i) File(StrCat("/etc/containerd/d/", i, ".toml"), "");
  File(kConfiguration, "imports = ['d/*.toml']\n");
  EXPECT_THAT(Check(), Says("imports more than 64 files"));
}

TEST_F(ContainerdCheck, AMissingSocketIsAnError) {
  File(kConfiguration, kPlugin);
  EXPECT_THAT(Check(), Finds("snapshotter-socket-missing", Severity::kError));
}

TEST_F(ContainerdCheck, ASocketWithoutAListenerIsAnError) {
  File(kConfiguration, kPlugin);
  {
    const UniqueFd gone = Listen("/run/s.sock");
  }
  EXPECT_THAT(Check(), Finds("snapshotter-socket-dead", Severity::kError));
  EXPECT_THAT(Check(), Says("Connection refused"));
}

TEST_F(ContainerdCheck, AFileInPlaceOfTheSocketIsAnError) {
  File(kConfiguration, kPlugin);
  File("/run/s.sock", "");
  EXPECT_THAT(Check(), Finds("snapshotter-socket-dead", Severity::kError));
}

TEST_F(ContainerdCheck, AnAddressMayBearItsScheme) {
  const UniqueFd server = Listen("/run/s.sock");
  File(kConfiguration,
       "[proxy_plugins.nydus]\ntype = 'snapshot'\naddress = 'unix:///run/s.sock'\n");
  EXPECT_THAT(Check(), Finds("snapshotter-socket", Severity::kOk));
}

TEST_F(ContainerdCheck, DifferingAddressesAreAnError) {
  File(kConfiguration, kPlugin);
  File("/etc/nydus/config.toml", "version = 1\naddress = '/run/else.sock'\n");
  EXPECT_THAT(Check(), Finds("snapshotter-address-differs", Severity::kError));
}

TEST_F(ContainerdCheck, APluginOfAnyNameIsFoundByItsAddress) {
  File(kConfiguration, "[proxy_plugins.lazy]\ntype = 'snapshot'\naddress = '/run/s.sock'\n");
  EXPECT_THAT(Check(), Finds("proxy-plugin", Severity::kOk));
}

TEST_F(ContainerdCheck, AnotherSnapshotterOfCriIsAWarning) {
  File(kConfiguration, kPlugin);
  EXPECT_THAT(Check(), Finds("snapshotter-not-selected", Severity::kWarning));
  EXPECT_THAT(Check(), Says("CRI uses the snapshotter 'overlayfs'"));
}

TEST_F(ContainerdCheck, WithoutCriItsSnapshotterDoesNotMatter) {
  File(kConfiguration, StrCat("disabled_plugins = ['io.containerd.grpc.v1.cri']\n", kPlugin));
  EXPECT_THAT(Check(), Not(Finds("snapshotter-not-selected", Severity::kWarning)));
}

struct CriCase {
  std::string name;
  std::string text;
};

class ContainerdCheckOfCri : public ContainerdCheck, public testing::WithParamInterface<CriCase> {};

TEST_P(ContainerdCheckOfCri, AnnotationsAreOffByDefault) {
  File(kConfiguration, StrCat(kPlugin, GetParam().text));
  EXPECT_THAT(Check(), Finds("snapshot-annotations-disabled", Severity::kError));
  EXPECT_THAT(Check(), Not(Finds("snapshotter-not-selected", Severity::kWarning)));
}

INSTANTIATE_TEST_SUITE_P(
    Versions, ContainerdCheckOfCri,
    testing::Values(
        CriCase{"One", "[plugins.cri.containerd]\nsnapshotter = 'nydus'\n"},
        CriCase{"Two", "[plugins.'io.containerd.grpc.v1.cri'.containerd]\nsnapshotter = 'nydus'\n"},
        CriCase{"Three", "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'nydus'\n"},
        CriCase{"ThreeSaid",
                "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'nydus'\n"
                "disable_snapshot_annotations = true\n"},
        CriCase{"RuntimeOfTwo",
                "[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.kata]\n"
                "snapshotter = 'nydus'\n"},
        CriCase{"RuntimeOfThree",
                "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.kata]\n"
                "snapshotter = 'nydus'\n"},
        CriCase{"PlatformOfThree",
                "[plugins.'io.containerd.cri.v1.images'.runtime_platforms.kata]\n"
                "snapshotter = 'nydus'\n"}),
    NameOfCase());

TEST_F(ContainerdCheck, TheSnapshottersExportGivesAnnotationsToo) {
  File(kConfiguration,
       StrCat(kPlugin,
              "[proxy_plugins.nydus.exports]\nenable_remote_snapshot_annotations = 'true'\n",
              "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'nydus'\n"));
  EXPECT_THAT(Check(), Finds("cri", Severity::kOk));
}

TEST_F(ContainerdCheck, SeveralContainerdsAreTold) {
  RunningProcess(5, "containerd", {});
  RunningProcess(12, "containerd", {});
  EXPECT_THAT(Check(), Finds("containerd-several", Severity::kNote));
  EXPECT_THAT(Check(), Says("only process 5"));
}

TEST_F(ContainerdCheck, OfSeveralTheOneWithTheNamedConfigurationIsLookedAt) {
  File(kConfiguration, kPlugin);
  RunningProcess(5, "containerd", {});
  RunningProcess(12, "containerd", {"--config", kConfiguration});
  options_.containerd_configuration = kConfiguration;
  EXPECT_THAT(Check(), Says("only process 12"));
}

TEST_F(ContainerdCheck, AContainerdWithMountsOfItsOwnIsTold) {
  RunningProcess(5, "containerd", {});
  Link("/proc/5/ns/mnt", "mnt:[1]");
  Link("/proc/self/ns/mnt", "mnt:[1]");
  EXPECT_THAT(Check(), Not(Finds("containerd-namespace", Severity::kWarning)));
  RunningProcess(4, "containerd", {});
  Link("/proc/4/ns/mnt", "mnt:[2]");
  EXPECT_THAT(Check(), Finds("containerd-namespace", Severity::kWarning));
}

}  // namespace
}  // namespace nydus
