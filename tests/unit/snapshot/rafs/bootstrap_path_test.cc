// SPDX-License-Identifier: Apache-2.0
#include "snapshot/rafs/bootstrap_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {
namespace {

class BootstrapPath : public testing::Test {
 protected:
  BootstrapPath() {
    mkdir(snapshot_.PathOf("fs").c_str(), 0755);
    mkdir(snapshot_.PathOf("fs/image").c_str(), 0755);
  }

  TempDir snapshot_;
};

TEST_F(BootstrapPath, IsInTheImageDirectory) {
  const std::string bootstrap = snapshot_.Write("fs/image/image.boot", "");
  EXPECT_EQ(*FindBootstrap(snapshot_.path()), bootstrap);
}

TEST_F(BootstrapPath, IsOneLevelUpInOlderImages) {
  const std::string bootstrap = snapshot_.Write("fs/image.boot", "");
  EXPECT_EQ(*FindBootstrap(snapshot_.path()), bootstrap);
}

TEST_F(BootstrapPath, PrefersTheNewPlace) {
  (void)snapshot_.Write("fs/image.boot", "");
  const std::string bootstrap = snapshot_.Write("fs/image/image.boot", "");
  EXPECT_EQ(*FindBootstrap(snapshot_.path()), bootstrap);
}

TEST_F(BootstrapPath, IsNothingInAnOrdinarySnapshot) {
  EXPECT_EQ(*FindBootstrap(snapshot_.path()), std::nullopt);
}

TEST_F(BootstrapPath, IsNothingWhereThereIsNoSnapshot) {
  EXPECT_EQ(*FindBootstrap(snapshot_.PathOf("missing")), std::nullopt);
}

TEST_F(BootstrapPath, IsNeverALink) {
  const std::string elsewhere = snapshot_.Write("elsewhere", "");
  ASSERT_EQ(symlink(elsewhere.c_str(), snapshot_.PathOf("fs/image/image.boot").c_str()), 0);
  EXPECT_EQ(*FindBootstrap(snapshot_.path()), std::nullopt);
}

TEST_F(BootstrapPath, SaysWhichPathCannotBeLookedAt) {
  EXPECT_THAT(FindBootstrap(snapshot_.PathOf(std::string(300, 'x'))),
              HasError(ErrorKind::kSystem, "/fs/image/image.boot: File name too long"));
}

}  // namespace
}  // namespace nydus
