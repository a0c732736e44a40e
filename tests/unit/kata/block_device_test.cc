// SPDX-License-Identifier: Apache-2.0
#include "kata/block_device.h"

#include <string>

#include <gtest/gtest.h>

namespace nydus {
namespace {

TEST(BlockDriver, HasTheAgentsNames) {
  for (const char* name : {"blk", "mmioblk", "blk-ccw", "scsi", "nvdimm"}) {
    ASSERT_TRUE(ParseBlockDriver(name)) << name;
    EXPECT_EQ(BlockDriverName(*ParseBlockDriver(name)), name);
  }
  for (const char* name : {"", "virtio-blk", "BLK", "overlayfs"}) {
    EXPECT_FALSE(ParseBlockDriver(name)) << name;
  }
}

struct AddressCase {
  BlockDriver driver;
  const char* address;
};

class GoodAddress : public testing::TestWithParam<AddressCase> {};
TEST_P(GoodAddress, IsTaken) {
  EXPECT_TRUE(IsBlockAddress(GetParam().driver, GetParam().address)) << GetParam().address;
}
INSTANTIATE_TEST_SUITE_P(BlockAddress, GoodAddress,
                         testing::Values(AddressCase{BlockDriver::kPci, "02"},
                                         AddressCase{BlockDriver::kPci, "02/01"},
                                         AddressCase{BlockDriver::kPci, "1f.7"},
                                         AddressCase{BlockDriver::kPci, "20/00/02"},
                                         AddressCase{BlockDriver::kPci, "/dev/vda"},
                                         AddressCase{BlockDriver::kMmio, "/dev/vda"},
                                         AddressCase{BlockDriver::kNvdimm, "/dev/pmem0"},
                                         AddressCase{BlockDriver::kCcw, "0.0.0005"},
                                         AddressCase{BlockDriver::kCcw, "0.3.ffff"},
                                         AddressCase{BlockDriver::kScsi, "0:0"},
                                         AddressCase{BlockDriver::kScsi, "255:16383"}));

class BadAddress : public testing::TestWithParam<AddressCase> {};
TEST_P(BadAddress, IsRefused) {
  EXPECT_FALSE(IsBlockAddress(GetParam().driver, GetParam().address)) << GetParam().address;
}
INSTANTIATE_TEST_SUITE_P(
    BlockAddress, BadAddress,
    testing::Values(
        AddressCase{BlockDriver::kPci, ""}, AddressCase{BlockDriver::kPci, "20"},
        AddressCase{BlockDriver::kPci, "20/01"}, AddressCase{BlockDriver::kPci, "02/"},
        AddressCase{BlockDriver::kPci, "/02"}, AddressCase{BlockDriver::kPci, "02//01"},
        AddressCase{BlockDriver::kPci, "02.8"}, AddressCase{BlockDriver::kPci, "02."},
        AddressCase{BlockDriver::kPci, "-1"}, AddressCase{BlockDriver::kPci, "02.0.0"},
        AddressCase{BlockDriver::kPci, "0000:00:02.0"}, AddressCase{BlockDriver::kPci, "02 "},
        AddressCase{BlockDriver::kMmio, "/dev/"},
        AddressCase{BlockDriver::kMmio, "/dev/../etc/passwd"},
        AddressCase{BlockDriver::kMmio, "/dev/mapper/x"}, AddressCase{BlockDriver::kMmio, "vda"},
        AddressCase{BlockDriver::kMmio, "02/01"}, AddressCase{BlockDriver::kCcw, "fe.0.0005"},
        AddressCase{BlockDriver::kCcw, "0.4.0005"}, AddressCase{BlockDriver::kCcw, "0.0.10000"},
        AddressCase{BlockDriver::kCcw, "0.0"}, AddressCase{BlockDriver::kScsi, "0"},
        AddressCase{BlockDriver::kScsi, "0:0:0"}, AddressCase{BlockDriver::kScsi, "256:0"},
        AddressCase{BlockDriver::kScsi, "0:-"}, AddressCase{BlockDriver::kScsi, "0:1 - - -"}));

TEST(BlockAddress, IsNoLongerThanAnyBus) {
  std::string path = "01";
  for (int i = 1; i < 16; ++i) path += "/01";
  EXPECT_TRUE(IsBlockAddress(BlockDriver::kPci, path));
  EXPECT_FALSE(IsBlockAddress(BlockDriver::kPci, path + "/01"));
}

}  // namespace
}  // namespace nydus
