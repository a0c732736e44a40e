// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "snapshot/rafs/rafs_detection.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/rafs/images.h"

namespace nydus {
namespace {

TEST(FsVersion, IsFiveByMagicAndVersionAlone) {
  EXPECT_EQ(*DetectFsVersion(images::RafsV5().substr(0, 8)), "v5");
}

TEST(FsVersion, IsSixByTheMagicOfErofs) {
  EXPECT_EQ(*DetectFsVersion(images::RafsV6()), "v6");
  EXPECT_EQ(*DetectFsVersion(images::Erofs()), "v6");
}

TEST(FsVersion, WantsBothSuperBlocksOfVersionSix) {
  EXPECT_EQ(*DetectFsVersion(images::RafsV6().substr(0, 1408)), "v6");
  EXPECT_THAT(DetectFsVersion(images::RafsV6().substr(0, 1407)),
              HasError(ErrorKind::kUsage, "neither RAFS v5 nor RAFS v6"));
}

TEST(FsVersion, RefusesFewerThanEightBytes) {
  EXPECT_THAT(DetectFsVersion(images::RafsV5().substr(0, 7)),
              HasError(ErrorKind::kUsage, "shorter than 8 bytes"));
}

TEST(FsVersion, RefusesVersionFour) {
  std::string head = images::RafsV5();
  images::Put<std::uint32_t>(head, 4, 0x400);
  EXPECT_THAT(DetectFsVersion(head), HasError(ErrorKind::kUsage, "neither"));
}

}  // namespace
}  // namespace nydus
