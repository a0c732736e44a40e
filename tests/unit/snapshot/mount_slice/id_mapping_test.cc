// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/id_mapping.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr const char* kUid = "containerd.io/snapshot/uidmapping";
constexpr const char* kGid = "containerd.io/snapshot/gidmapping";

Result<std::optional<IdMapping>> Read(const std::string& text) {
  return ReadIdMapping({{kUid, text}, {kGid, text}});
}

TEST(IdMapping, IsAbsentWithoutLabelsOrWithEmptyOnes) {
  EXPECT_EQ(ReadIdMapping({}), std::nullopt);
  EXPECT_EQ(Read(""), std::nullopt);
}

struct Accepted {
  const char* name;
  const char* text;
  IdMapping mapping;
};

class AcceptedIdMapping : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedIdMapping, IsRead) {
  EXPECT_EQ(Read(GetParam().text), GetParam().mapping);
}

INSTANTIATE_TEST_SUITE_P(
    Label, AcceptedIdMapping,
    testing::Values(Accepted{"Usual", "0:100000:65536", {0, 100000, 65536}},
                    Accepted{"SpaceAround", " 0:100000:65536\n", {0, 100000, 65536}},
                    Accepted{"SpaceInside", "0 : 100000 :\t65536", {0, 100000, 65536}},
                    Accepted{"LeadingZeros", "00:0100000:065536", {0, 100000, 65536}},
                    Accepted{"LastPossible", "4294967294:0:1", {4294967294, 0, 1}}),
    NameOfCase());

struct Refused {
  const char* name;
  const char* text;
  const char* message;
};

class RefusedIdMapping : public testing::TestWithParam<Refused> {};

TEST_P(RefusedIdMapping, NamesTheLabel) {
  const auto mapping = Read(GetParam().text);
  EXPECT_THAT(mapping, HasError(ErrorKind::kUsage, GetParam().message));
  EXPECT_THAT(mapping, HasError(ErrorKind::kUsage, "containerd.io/snapshot/uidmapping"));
}

constexpr const char* kShape = "is not INTERNAL:EXTERNAL:SIZE";

INSTANTIATE_TEST_SUITE_P(
    Label, RefusedIdMapping,
    testing::Values(Refused{"TwoNumbers", "0:100000", kShape}, Refused{"OneNumber", "0", kShape},
                    Refused{"FourNumbers", "0:1:2:3", kShape}, Refused{"NoNumber", "0::1", kShape},
                    Refused{"Negative", "-1:0:1", kShape}, Refused{"PlusSign", "+1:0:1", kShape},
                    Refused{"Hex", "0x1:0:1", kShape},
                    Refused{"TooLarge", "4294967296:0:1", kShape},
                    Refused{"SizeZero", "0:100000:0", "has the size 0"},
                    Refused{"ExternalOverflow", "0:4294967295:1", "reaches beyond 2^32-1"},
                    Refused{"InternalOverflow", "4294967295:0:1", "reaches beyond 2^32-1"}),
    NameOfCase());

TEST(IdMapping, WantsBothLabels) {
  EXPECT_THAT(ReadIdMapping({{kUid, "0:1:1"}}),
              HasError(ErrorKind::kUsage, "gidmapping: is missing"));
  EXPECT_THAT(ReadIdMapping({{kGid, "0:1:1"}}),
              HasError(ErrorKind::kUsage, "uidmapping: is missing"));
}

TEST(IdMapping, WantsTheSameTextTwice) {
  EXPECT_THAT(ReadIdMapping({{kUid, "0:1:1"}, {kGid, "0:1:1 "}}),
              HasError(ErrorKind::kUsage, "gidmapping: differs"));
}

}  // namespace
}  // namespace nydus
