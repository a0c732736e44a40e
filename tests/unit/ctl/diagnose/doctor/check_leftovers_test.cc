// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_leftovers.h"

#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::Not;

class LeftoversCheck : public MadeUpNode {
 protected:
  Findings Check() { return CheckLeftovers(node_, options_); }
};

TEST_F(LeftoversCheck, NothingLeftIsGood) {
  RunningProcess(7, "containerd", {});
  EXPECT_THAT(Check(), Finds("leftovers", Severity::kOk));
}

TEST_F(LeftoversCheck, MountsForAMomentThatStayedAreAWarning) {
  RunningProcess(7, "containerd", {});
  File("/proc/7/mountinfo",
       "1 0 254:0 / / rw - ext4 /dev/vda rw\n"
       "40 1 0:50 / /tmp/containerd-mount123 rw - overlay overlay rw\n"
       "41 1 0:51 / /var/lib/containerd/tmpmounts/containerd-mount9 rw - overlay overlay rw\n"
       "42 1 0:52 / /tmp/containerd-mount5 rw - tmpfs tmpfs rw\n");
  EXPECT_THAT(Check(), Finds("leftover-mount", Severity::kWarning));
  EXPECT_THAT(Check(), Says("2 mounts"));
  EXPECT_THAT(Check(), Says("'/tmp/containerd-mount123'"));
}

TEST_F(LeftoversCheck, WithoutContainerdItsOwnMountsCount) {
  File("/proc/self/mountinfo", "40 1 0:50 / /tmp/containerd-mount1 rw - overlay overlay rw\n");
  EXPECT_THAT(Check(), Finds("leftover-mount", Severity::kWarning));
  EXPECT_THAT(Check(), Says("1 mount of containerd's"));
}

TEST_F(LeftoversCheck, AnUnreadableTableIsNotChecked) {
  EXPECT_THAT(Check(), Finds("not-checked", Severity::kNote));
  File("/proc/self/mountinfo", "nonsense\n");
  EXPECT_THAT(Check(), Finds("not-checked", Severity::kNote));
}

TEST_F(LeftoversCheck, LoopDevicesOfDeletedLayersAreAWarning) {
  File("/proc/self/mountinfo", "");
  constexpr char kRoot[] = "/var/lib/containerd/io.containerd.snapshotter.v1.nydus";
  File("/sys/block/loop0/loop/backing_file", std::string(kRoot) + "/x/disk\n");
  File("/sys/block/loop1/loop/backing_file", "/home/image (deleted)\n");
  File("/sys/block/vda/size", "1");
  EXPECT_THAT(Check(), Finds("leftovers", Severity::kOk));
  File("/sys/block/loop2/loop/backing_file", std::string(kRoot) + "/x/disk (deleted)\n");
  EXPECT_THAT(Check(), Finds("leftover-loop-device", Severity::kWarning));
  EXPECT_THAT(Check(), Says("losetup -d /dev/loop2"));
}

}  // namespace
}  // namespace nydus
