// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/doctor.h"

#include <unistd.h>

#include <array>

#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::Not;

class Doctor : public MadeUpNode {
 protected:
  static Findings Mixed(const NodeView&, const DoctorOptions&) {
    return {Good("good", "a"), Warning("worse", "b", "c", "d"), Note("note", "e", "")};
  }
  static Findings Worst(const NodeView&, const DoctorOptions&) {
    return {Bad("worst", "f", "", "g")};
  }
  static Findings Dies(const NodeView&, const DoctorOptions&) { _exit(1); }
};

TEST_F(Doctor, TheWorstComesFirst) {
  constexpr std::array<DoctorCheck, 2> kChecks = {{{"mixed", Mixed}, {"worst", Worst}}};
  EXPECT_THAT(Diagnose(kChecks, node_, options_),
              ElementsAre(Bad("worst", "f", "", "g"), Warning("worse", "b", "c", "d"),
                          Note("note", "e", ""), Good("good", "a")));
}

TEST_F(Doctor, ACheckThatDiesIsNamedAndTheOthersAreMade) {
  constexpr std::array<DoctorCheck, 2> kChecks = {{{"the dying", Dies}, {"mixed", Mixed}}};
  const Findings findings = Diagnose(kChecks, node_, options_);
  EXPECT_THAT(findings, Finds("check-failed", Severity::kWarning));
  EXPECT_THAT(findings, Says("looking at the dying failed"));
  EXPECT_THAT(findings, Finds("good", Severity::kOk));
}

TEST_F(Doctor, OnlyErrorsCountAsErrors) {
  EXPECT_FALSE(HasErrors({}));
  EXPECT_FALSE(HasErrors({Warning("w", "", "", ""), Note("n", "", "")}));
  EXPECT_TRUE(HasErrors({Good("g", ""), Bad("b", "", "", "")}));
}

TEST_F(Doctor, AnEmptyNodeIsBroken) {
  const Findings findings = Diagnose(DoctorChecks(), node_, options_);
  EXPECT_TRUE(HasErrors(findings));
  EXPECT_THAT(findings, Not(Finds("check-failed", Severity::kWarning)));
}

TEST_F(Doctor, EveryFindingSaysWhyAndWhatToDo) {
  RunningProcess(3, "containerd", {});
  RunningProcess(4, "containerd-nydus-grpc", {"--fs-driver=nodev"});
  for (const Finding& finding : Diagnose(DoctorChecks(), node_, options_)) {
    if (finding.severity < Severity::kWarning) continue;
    EXPECT_FALSE(finding.why.empty()) << finding.id;
    EXPECT_FALSE(finding.remedy.empty()) << finding.id;
  }
}

}  // namespace
}  // namespace nydus
