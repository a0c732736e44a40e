// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/diagnosis.h"

#include <sys/mount.h>

#include "tests/namespace/mount_lab.h"

namespace nydus {
namespace {

class Diagnosis : public MountLab {
 protected:
  void ExpectFailure(const std::string& options, const std::string& message) {
    const std::size_t before = CountMounts();
    EXPECT_THAT(MountAtTarget(options), HasError(ErrorKind::kMount, message));
    EXPECT_EQ(CountMounts(), before);
  }
  std::string a_ = Directory("a");
};

TEST_F(Diagnosis, NamesTheMissingLayer) {
  ExpectFailure("lowerdir=" + a_ + ":" + top_ + "/nope", "lower directory 2 of 2 '" + top_);
}

TEST_F(Diagnosis, NamesTheMissingUpperDirectory) {
  ExpectFailure("lowerdir=" + a_ + ",upperdir=" + top_ + "/nope,workdir=" + work_,
                "upper directory '" + top_ + "/nope' does not exist");
}

TEST_F(Diagnosis, NamesTheMissingWorkDirectory) {
  ExpectFailure("lowerdir=" + a_ + ",upperdir=" + upper_ + ",workdir=" + top_ + "/nope",
                "work directory '" + top_ + "/nope' does not exist");
}

TEST_F(Diagnosis, NamesALayerThatIsAFile) {
  const std::string file = LayerWithFile("f", "file") + "/file";
  ExpectFailure("lowerdir=" + a_ + ":" + file, "'" + file + "' is not a directory");
}

TEST_F(Diagnosis, TellsUpperAndWorkOnDifferentMounts) {
  const std::string other = Directory("other");
  ASSERT_EQ(mount("tmpfs", other.c_str(), "tmpfs", 0, nullptr), 0);
  ExpectFailure("lowerdir=" + a_ + ",upperdir=" + upper_ + ",workdir=" + other,
                "not on the same mount");
}

TEST_F(Diagnosis, TellsOverlappingUpperAndWork) {
  ExpectFailure("lowerdir=" + a_ + ",upperdir=" + upper_ + ",workdir=" + Directory("upper/work"),
                "overlap");
  ExpectFailure("lowerdir=" + a_ + ",upperdir=" + Directory("work/upper") + ",workdir=" + work_,
                "overlap");
}

TEST_F(Diagnosis, TellsDirectoriesInUse) {
  ASSERT_THAT(MountAtTarget("index=on,lowerdir=" + a_ + "," + UpperAndWork()), IsOk());
  const std::string other = Directory("other");
  EXPECT_THAT(MountOn(other, "index=on,lowerdir=" + Directory("b") + "," + UpperAndWork()),
              HasError(ErrorKind::kMount, "in use by another overlay mount"));
}

TEST_F(Diagnosis, TellsAStackThatIsTooDeep) {
  const std::string empty = ":" + Directory("empty");
  const std::string second = Directory("second");
  const std::string third = Directory("third");
  ASSERT_THAT(MountAtTarget("lowerdir=" + a_ + empty), IsOk());
  ASSERT_THAT(MountOn(second, "lowerdir=" + target_ + empty), IsOk());
  EXPECT_THAT(MountOn(third, "lowerdir=" + second + empty),
              HasError(ErrorKind::kMount, "lies on an overlay that has one below it"));
}

// One overlay below is legal; what is wrong is told by the kernel.
TEST_F(Diagnosis, OverlayBelowIsNotBlamedForAnUnknownWord) {
  const std::string other = Directory("other");
  ASSERT_THAT(MountAtTarget("lowerdir=" + a_ + ":" + Directory("empty")), IsOk());
  EXPECT_THAT(MountOn(other, "lowerdir=" + target_ + ":" + a_ + ",frobnicate=1"),
              HasError(ErrorKind::kMount, "frobnicate"));
}

// A lower directory that contains the upper one is unusual and legal: fs_driver=proxy makes it.
TEST_F(Diagnosis, LowerThatContainsTheUpperIsNoFault) {
  EXPECT_THAT(MountAtTarget("lowerdir=" + top_ + "," + UpperAndWork()), IsOk());
}

}  // namespace
}  // namespace nydus
