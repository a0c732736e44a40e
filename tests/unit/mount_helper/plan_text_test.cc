// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/plan_text.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;

std::vector<std::string> Describe(std::string options, std::string_view target = "/t") {
  const Result<MountRequest> request =
      ParseMountRequest({.source = "overlay", .target = target, .options = std::move(options)});
  EXPECT_THAT(request, IsOk());
  const Result<MountPlan> plan = PlanMount(*request, {});
  EXPECT_THAT(plan, IsOk());
  return DescribePlan(*plan);
}

TEST(PlanText, ShowsAnOverlay) {
  EXPECT_THAT(Describe("ro,lowerdir=/a:/b,upperdir=/u,workdir=/w,index=off,noatime,shared,rslave"),
              ElementsAre("overlay 'overlay' on '/t' by mount(2), 47 bytes of data",
                          "flags ro,noatime", "lower '/a'", "lower '/b'", "upper '/u'", "work '/w'",
                          "data 'index'", "propagation shared,rslave"));
}

TEST(PlanText, ShowsABind) {
  EXPECT_THAT(Describe("lowerdir=/a"),
              ElementsAre("bind of the only layer '/a' on '/t'", "flags ro"));
}

TEST(PlanText, ShowsARemount) {
  EXPECT_THAT(Describe("remount,rw"), ElementsAre("remount of '/t'", "flags rw"));
}

TEST(PlanText, ShowsWhatWasLeftOut) {
  EXPECT_THAT(Describe("volatile,lowerdir=/a:/b", "/tmp/containerd-mount1"),
              testing::Contains("volatile left out: a temporary mount of containerd"));
}

TEST(PlanText, EscapesPaths) {
  EXPECT_THAT(Describe("lowerdir=/a\nb"),
              testing::Contains("bind of the only layer '/a\\x0ab' on '/t'"));
}

TEST(PlanText, NeverShowsAPayload) {
  for (const std::string& line : Describe("lowerdir=/a:/b,extraoption=U0VDUkVU")) {
    EXPECT_THAT(line, testing::Not(testing::HasSubstr("U0VDUkVU")));
  }
}

TEST(PlanText, LongDataTakesTheOtherInterface) {
  std::string options = "lowerdir=/0";
  while (options.size() < 4096) options += ":/" + std::string(200, 'l');
  EXPECT_THAT(Describe(options)[0], testing::HasSubstr("by fsopen(2)"));
}

}  // namespace
}  // namespace nydus
