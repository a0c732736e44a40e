// SPDX-License-Identifier: Apache-2.0
#include "tests/support/captured_command_lines.h"

#include <sys/mount.h>

#include <gmock/gmock.h>

#include "mount_helper/command_line.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/payload_check.h"
#include "tests/support/result_matchers.h"

// What real containerd, its shims, ctr and mount(8) gave to a helper, recorded once.
namespace nydus {
namespace {

class Captured : public testing::TestWithParam<CapturedCommandLine> {
 protected:
  // Keeps what the parsed line points into.
  Result<MountRequest> Parse() {
    std::vector<const char*> arguments;
    for (std::size_t i = 1; i < GetParam().argv.size(); ++i) {
      arguments.push_back(GetParam().argv[i].c_str());
    }
    Result<CommandLine> line = ParseCommandLine(arguments);
    if (!line) return Failure(std::move(line.error()));
    return ParseMountRequest(*line);
  }
};

TEST_P(Captured, IsANativeMountWithAcceptedPayloads) {
  const Result<MountRequest> request = Parse();
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->mode, MountMode::kNative);
  EXPECT_EQ(request->payloads.size(), GetParam().payloads.size());
  std::vector<std::string> notes;
  EXPECT_THAT(CheckPayloads(*request, notes), IsOk());
  EXPECT_THAT(PlanMount(*request, {}), IsOk());
}

// mount.fuse appends dev,suid to every line and mount(8) puts rw in front: the Go helper turns
// them into nodev,nosuid and read-only.
TEST_P(Captured, IsReadOnlyOnlyIfAskedFor) {
  const Result<MountRequest> request = Parse();
  ASSERT_THAT(request, IsOk());
  const Result<MountPlan> plan = PlanMount(*request, {});
  ASSERT_THAT(plan, IsOk());
  const std::string& options = GetParam().argv.back();
  if (const auto* overlay = std::get_if<OverlayPlan>(&plan->action)) {
    const bool asked = options.find(",ro,") != std::string::npos;
    EXPECT_EQ(MountFlagBits(overlay->flags), asked ? static_cast<unsigned long>(MS_RDONLY) : 0U);
  } else {
    EXPECT_TRUE(std::holds_alternative<LayerBindPlan>(plan->action));
  }
}

TEST_P(Captured, LeavesNoPayloadInTheData) {
  const Result<MountRequest> request = Parse();
  ASSERT_THAT(request, IsOk());
  const std::string data = FormatMountData(request->data);
  EXPECT_THAT(data, testing::Not(testing::HasSubstr("extraoption")));
  EXPECT_THAT(data, testing::Not(testing::HasSubstr("io.katacontainers")));
  EXPECT_THAT(data, testing::HasSubstr("lowerdir=/"));
}

std::string TestName(const testing::TestParamInfo<CapturedCommandLine>& info) {
  std::string name = info.param.name + "_" + info.param.caller + std::to_string(info.index);
  for (char& c : name) {
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(CommandLine, Captured, testing::ValuesIn(CapturedCommandLines()),
                         TestName);

}  // namespace
}  // namespace nydus
