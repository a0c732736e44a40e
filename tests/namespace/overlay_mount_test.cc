// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/overlay_mount.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/mount_api/kernel_features.h"
#include "mount_helper/escapes.h"
#include "tests/namespace/mount_lab.h"
#include "tests/support/requirement.h"

namespace nydus {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class OverlayMount : public MountLab {
 protected:
  // `count` layers, each with a file of its number, in directories whose names have `width` bytes.
  std::string Layers(int count, std::size_t width) {
    std::string value;
    for (int i = 0; i < count; ++i) {
      std::string number = std::to_string(i);
      const std::string name = "layers/" + number + std::string(width - number.size(), 'x');
      value += (i == 0 ? "" : ":") + LayerWithFile(name, number);
    }
    return value;
  }

  void ExpectLayers(std::initializer_list<int> numbers) {
    for (const int number : numbers) {
      const std::string file = target_ + "/" + std::to_string(number);
      EXPECT_THAT(ReadFile(file), HasSubstr("/layers/" + std::to_string(number) + "x"));
    }
  }
};

TEST_F(OverlayMount, IsRecordedAsMountDashTOverlayWould) {
  const std::string first = LayerWithFile("a", "file");
  const std::string second = LayerWithFile("b", "file");
  ASSERT_THAT(
      MountAtTarget("lowerdir=" + first + ":" + second + "," + UpperAndWork() + ",dev,suid"),
      IsOk());
  const MountInfo mount = TheMount();
  EXPECT_EQ(mount.type, "overlay");
  EXPECT_EQ(mount.source, "overlay");
  EXPECT_EQ(mount.options, "rw,relatime");
  EXPECT_THAT(mount.super_options, StartsWith("rw,lowerdir=" + first + ":" + second +
                                              ",upperdir=" + upper_ + ",workdir=" + work_));
  EXPECT_EQ(ReadFile(target_ + "/file"), first);
}

TEST_F(OverlayMount, FlagsReachTheMount) {
  ASSERT_THAT(MountAtTarget("lowerdir=" + Directory("a") + "," + UpperAndWork() +
                            ",ro,nosuid,nodev,noexec,noatime"),
              IsOk());
  EXPECT_EQ(TheMount().options, "ro,nosuid,nodev,noexec,noatime");
  EXPECT_THAT(TheMount().super_options, StartsWith("ro,"));
}

TEST_F(OverlayMount, PathsMayHoldAnyByte) {
  const std::string odd = "a b:c,d\\e\nf\"g'h\tü";
  const std::string layer = LayerWithFile("lower " + odd, "file");
  const std::string upper = Directory("upper " + odd);
  const std::string work = Directory("work " + odd);
  const std::string target = Directory("target " + odd);
  ASSERT_THAT(MountOn(target, "lowerdir=" + EscapePath(layer) + ",upperdir=" + EscapePath(upper) +
                                  ",workdir=" + EscapePath(work)),
              IsOk());
  EXPECT_EQ(ReadFile(target + "/file"), layer);
  EXPECT_EQ(MountsAt(target).size(), 1U);
}

TEST_F(OverlayMount, RelativeLayersAreTakenFromTheWorkingDirectory) {
  LayerWithFile("a", "file");
  LayerWithFile("b", "other");
  ASSERT_EQ(chdir(top_.c_str()), 0);
  ASSERT_THAT(MountAtTarget("lowerdir=a:b"), IsOk());
  EXPECT_EQ(ReadFile(target_ + "/file"), top_ + "/a");
}

TEST_F(OverlayMount, RelativeTargetIsTakenFromTheWorkingDirectory) {
  ASSERT_EQ(chdir(top_.c_str()), 0);
  ASSERT_THAT(MountOn("target", "lowerdir=" + Directory("a") + ":" + Directory("b") + ",private"),
              IsOk());
  EXPECT_EQ(TheMount().type, "overlay");
}

// mount(2) would cut 4096 bytes and mount other layers, or none, without a word.
TEST_F(OverlayMount, LongDataMountsEveryLayer) {
  const std::string layers = Layers(100, 60);
  ASSERT_GT(layers.size(), 4096U);
  ASSERT_THAT(MountAtTarget("lowerdir=" + layers + "," + UpperAndWork() + ",nodev"), IsOk());
  ExpectLayers({0, 50, 99});
  EXPECT_EQ(TheMount().options, "rw,nodev,relatime");
  EXPECT_EQ(TheMount().source, "overlay");
}

TEST_F(OverlayMount, BothInterfacesSetTheSameFlags) {
  const std::string words = ",ro,nosuid,noatime,sync,lazytime";
  ASSERT_THAT(MountAtTarget("lowerdir=" + Layers(2, 8) + words), IsOk());
  const MountInfo by_call = TheMount();
  const std::string other = Directory("other");
  ASSERT_THAT(MountOn(other, "lowerdir=" + Layers(100, 60) + words), IsOk());
  const MountInfo by_context = MountsAt(other).back();
  EXPECT_EQ(by_call.options, by_context.options);
  const auto flags_of = [](const MountInfo& mount) {
    return mount.super_options.substr(0, mount.super_options.find("lowerdir"));
  };
  EXPECT_EQ(flags_of(by_call), flags_of(by_context));
}

TEST_F(OverlayMount, LongDataWithOddPathsMountsThem) {
  if (!OverlayTakesLayersOneByOne()) {
    NYDUS_SKIP("namespace", "overlay takes no layers one by one here");
  }
  const std::string odd = EscapePath(LayerWithFile("a:b,c\\d", "file"));
  const std::string upper = Directory("u:p,p\\er");
  const std::string work = Directory("w:o,r\\k");
  ASSERT_THAT(MountAtTarget("lowerdir=" + Layers(100, 60) + ":" + odd +
                            ",upperdir=" + EscapePath(upper) + ",workdir=" + EscapePath(work)),
              IsOk());
  EXPECT_EQ(ReadFile(target_ + "/file"), UnescapePath(odd));
}

TEST_F(OverlayMount, TakesLayersWithPathsOver255Bytes) {
  const std::string deep = "layers/" + std::string(150, 'y') + "/" + std::string(150, 'z');
  std::string value;
  for (int i = 0; i < 20; ++i) {
    value += (i == 0 ? "" : ":") + LayerWithFile(deep + "/" + std::to_string(i), std::to_string(i));
  }
  ASSERT_THAT(MountAtTarget("lowerdir=" + value), IsOk());
  EXPECT_THAT(ReadFile(target_ + "/19"), HasSubstr("/19"));
}

TEST_F(OverlayMount, StacksFiveHundredLayers) {
  if (!OverlayTakesLayersOneByOne()) {
    NYDUS_SKIP("namespace", "overlay takes no layers one by one here");
  }
  ASSERT_THAT(MountAtTarget("lowerdir=" + Layers(500, 60)), IsOk());
  ExpectLayers({0, 250, 499});
}

TEST_F(OverlayMount, SecondMountStacks) {
  const std::string options = "lowerdir=" + Directory("a") + ":" + Directory("b");
  ASSERT_THAT(MountAtTarget(options), IsOk());
  ASSERT_THAT(MountAtTarget(options), IsOk());
  EXPECT_EQ(MountsAt(target_).size(), 2U);
}

TEST_F(OverlayMount, FailureLeavesNoMountAndAnEmptyWorkDirectory) {
  const std::size_t before = CountMounts();
  const std::string missing = top_ + "/missing";
  EXPECT_THAT(MountAtTarget("volatile,lowerdir=" + missing + "," + UpperAndWork()),
              HasError(ErrorKind::kMount, "lower directory 1 of 1 '" + missing));
  EXPECT_EQ(CountMounts(), before);
  EXPECT_TRUE(std::filesystem::is_empty(work_));
}

// A kernel that fails late has already marked the work directory as used by a volatile mount.
TEST_F(OverlayMount, LateFailureWithVolatileDoesNotSpoilTheWorkDirectory) {
  const std::string second = Directory("second");
  const std::string third = Directory("third");
  const std::string empty = ":" + Directory("empty");
  ASSERT_THAT(MountAtTarget("lowerdir=" + Directory("a") + empty), IsOk());
  ASSERT_THAT(MountOn(second, "lowerdir=" + target_ + empty), IsOk());
  EXPECT_THAT(MountOn(third, "volatile,lowerdir=" + second + "," + UpperAndWork()),
              HasError(ErrorKind::kMount, "lies on an overlay"));
  EXPECT_TRUE(std::filesystem::is_empty(work_));
  EXPECT_THAT(MountOn(third, "volatile,lowerdir=" + Directory("a") + "," + UpperAndWork()), IsOk());
}

TEST_F(OverlayMount, MarkOfAnEarlierVolatileMountStays) {
  const std::string mark = work_ + "/work/incompat/volatile";
  std::filesystem::create_directories(mark);
  EXPECT_THAT(MountAtTarget("volatile,lowerdir=" + Directory("a") + "," + UpperAndWork()),
              HasError(ErrorKind::kMount, "mark of an earlier volatile mount"));
  EXPECT_TRUE(std::filesystem::exists(mark));
}

TEST_F(OverlayMount, UnknownWordIsToldInTheKernelsWords) {
  EXPECT_THAT(MountAtTarget("lowerdir=" + Directory("a") + ":" + Directory("b") + ",frobnicate=1"),
              HasError(ErrorKind::kMount, "frobnicate"));
}

}  // namespace
}  // namespace nydus
