// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_plan.h"

#include <sys/mount.h>

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

MountRequest Request(std::string options, std::string_view target = "/t") {
  Result<MountRequest> request =
      ParseMountRequest({.source = "overlay", .target = target, .options = std::move(options)});
  EXPECT_THAT(request, IsOk());
  return request.value_or(MountRequest());
}

Result<MountPlan> Plan(std::string options, std::string_view target = "/t") {
  return PlanMount(Request(std::move(options), target), {});
}

const OverlayPlan& Overlay(const Result<MountPlan>& plan) {
  return std::get<OverlayPlan>(plan->action);
}

TEST(MountPlan, OfContainerdIsAPlainOverlay) {
  const Result<MountPlan> plan =
      Plan("workdir=/s/4/work,upperdir=/s/4/fs,lowerdir=/s/3/mnt,extraoption=QQ==,dev,suid");
  ASSERT_THAT(plan, IsOk());
  MountFlags cleared;
  cleared.clear = MS_NODEV | MS_NOSUID;
  EXPECT_EQ(plan->target, "/t");
  EXPECT_THAT(plan->propagation, IsEmpty());
  EXPECT_THAT(plan->notes, IsEmpty());
  EXPECT_EQ(Overlay(plan).source, "overlay");
  EXPECT_EQ(Overlay(plan).flags, cleared);
  EXPECT_EQ(FormatMountData(Overlay(plan).data),
            "workdir=/s/4/work,upperdir=/s/4/fs,lowerdir=/s/3/mnt");
  EXPECT_THAT(Overlay(plan).layers, ElementsAre(Layer{"/s/3/mnt"}));
  EXPECT_EQ(Overlay(plan).upper_directory, "/s/4/fs");
  EXPECT_EQ(Overlay(plan).work_directory, "/s/4/work");
}

TEST(MountPlan, KeepsTheSource) {
  Result<MountRequest> request =
      ParseMountRequest({.source = "none", .target = "/t", .options = "lowerdir=/a:/b"});
  EXPECT_EQ(Overlay(PlanMount(*request, {})).source, "none");
}

TEST(MountPlan, OneLayerAloneIsBoundReadOnly) {
  const Result<MountPlan> plan = Plan("rw,lowerdir=/a,nosuid");
  ASSERT_THAT(plan, IsOk());
  const auto& bind = std::get<LayerBindPlan>(plan->action);
  EXPECT_EQ(bind.layer, "/a");
  EXPECT_EQ(MountFlagBits(bind.flags), static_cast<unsigned long>(MS_RDONLY | MS_NOSUID));
}

TEST(MountPlan, OneLayerAloneChecksOverlayWordsByName) {
  EXPECT_THAT(Plan("lowerdir=/a,index=off,xino=auto,volatile,fsync=auto"), IsOk());
  EXPECT_THAT(Plan("lowerdir=/a,indx=off"), HasError(ErrorKind::kUsage, "'indx'"));
}

TEST(MountPlan, OneLayerWithDataOnlyOnesIsAnOverlay) {
  EXPECT_THAT(Overlay(Plan("lowerdir=/a::/b")).layers, testing::SizeIs(2));
  EXPECT_THAT(Overlay(Plan("lowerdir=/a,datadir+=/b")).layers, testing::SizeIs(1));
}

TEST(MountPlan, NeedsALowerDirectory) {
  EXPECT_THAT(Plan("upperdir=/u,workdir=/w"), HasError(ErrorKind::kUsage, "no lower directory"));
  EXPECT_THAT(Plan("io.katacontainers.volume=QQ=="), HasError(ErrorKind::kUsage, "lowerdir="));
}

TEST(MountPlan, NeedsAWorkDirectoryForAnUpperOne) {
  EXPECT_THAT(Plan("lowerdir=/a,upperdir=/u"), HasError(ErrorKind::kUsage, "without workdir="));
}

struct VolatileCase {
  const char* name;
  const char* target;
  bool kept;
};

class VolatileWord : public testing::TestWithParam<VolatileCase> {};

TEST_P(VolatileWord, IsKeptUnlessContainerdMountsForAMoment) {
  const std::string directories = ",lowerdir=/a,upperdir=/u,workdir=/w";
  for (const std::string word : {"volatile", "fsync=volatile"}) {
    const Result<MountPlan> plan = Plan(word + directories, GetParam().target);
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(IsVolatile(Overlay(plan)), GetParam().kept) << word;
    EXPECT_EQ(plan->notes.empty(), GetParam().kept) << word;
  }
}

INSTANTIATE_TEST_SUITE_P(
    MountPlan, VolatileWord,
    testing::Values(VolatileCase{"Rootfs", "/run/task/default/c1/rootfs", true},
                    VolatileCase{"TemporaryMount", "/tmp/containerd-mount123", false},
                    VolatileCase{"TrailingSlash", "/tmp/containerd-mount123//", false},
                    VolatileCase{"NameInAParent", "/tmp/containerd-mount1/rootfs", true}),
    [](const auto& test) { return test.param.name; });

TEST(MountPlan, OtherFsyncValuesStay) {
  const Result<MountPlan> plan = Plan("fsync=ordered,lowerdir=/a:/b", "/tmp/containerd-mount1");
  EXPECT_EQ(FormatMountData(Overlay(plan).data), "fsync=ordered,lowerdir=/a:/b");
}

TEST(MountPlan, SecurityContextNeedsSelinux) {
  const MountRequest request = Request(R"(context="u:c1,c2",lowerdir=/a:/b)");
  EXPECT_EQ(FormatMountData(Overlay(PlanMount(request, {.selinux = true})).data),
            R"(context="u:c1,c2",lowerdir=/a:/b)");
  const Result<MountPlan> without = PlanMount(request, {.selinux = false});
  EXPECT_EQ(FormatMountData(Overlay(without).data), "lowerdir=/a:/b");
  EXPECT_THAT(without->notes, ElementsAre("context left out: SELinux is off"));
}

TEST(MountPlan, RemountCarriesFlagsOnly) {
  const Result<MountPlan> plan = Plan("ro,remount");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(std::get<RemountPlan>(plan->action).flags.set, static_cast<unsigned long>(MS_RDONLY));
  EXPECT_THAT(Plan("remount,index=off"), HasError(ErrorKind::kUsage, "'index'"));
  EXPECT_THAT(Plan("remount,lowerdir=/a"), HasError(ErrorKind::kUsage, "'lowerdir'"));
}

TEST(MountPlan, TargetMustNotBeADescriptor) {
  EXPECT_THAT(Plan("lowerdir=/a", "/dev/fd/3"), HasError(ErrorKind::kMount, "descriptor"));
}

TEST(RelativePlan, ShortensEveryPathBelowTheDirectory) {
  const Result<MountPlan> plan =
      Plan(R"(workdir=/s/9/work,upperdir=/s/9/fs,lowerdir=/s/a\:b:/o/2,index=off)");
  const OverlayPlan relative = RelativePlan(Overlay(plan), "/s");
  EXPECT_EQ(FormatMountData(relative.data),
            R"(workdir=9/work,upperdir=9/fs,lowerdir=a\:b:/o/2,index=off)");
}

TEST(RelativePlan, KeepsDataOnlyLayersApart) {
  const Result<MountPlan> plan = Plan("lowerdir=/s/1::/s/2");
  EXPECT_EQ(FormatMountData(RelativePlan(Overlay(plan), "/s").data), "lowerdir=1::2");
}

// Found by fuzzing.
TEST(RelativePlan, IsReadBackWhereADirectoryBeginsWithAQuote) {
  const Result<MountPlan> plan = Plan(R"(workdir=/s/"w,upperdir=/s/u,lowerdir=/s/"a:/s/b)");
  const OverlayPlan relative = RelativePlan(Overlay(plan), "/s");
  const Result<MountPlan> again = Plan(FormatMountData(relative.data));
  EXPECT_EQ(Overlay(again), relative);
}

TEST(AbsolutePaths, AreAskedOfEveryPath) {
  EXPECT_TRUE(HasOnlyAbsolutePaths(Overlay(Plan("lowerdir=/a:/b"))));
  EXPECT_FALSE(HasOnlyAbsolutePaths(Overlay(Plan("lowerdir=/a:b"))));
  EXPECT_FALSE(HasOnlyAbsolutePaths(Overlay(Plan("lowerdir=/a,upperdir=u,workdir=/w"))));
  EXPECT_FALSE(HasOnlyAbsolutePaths(Overlay(Plan("lowerdir=/a,upperdir=/u,workdir=w"))));
  EXPECT_FALSE(HasOnlyAbsolutePaths(Overlay(Plan("lowerdir=/a,lowerdir+=b"))));
}

}  // namespace
}  // namespace nydus
