// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/argument_scrub.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace nydus {
namespace {

std::vector<std::string> Scrubbed(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  ScrubPayloads(pointers);
  return arguments;
}

using testing::ElementsAre;

TEST(ArgumentScrub, OverwritesFromThePayloadOn) {
  EXPECT_THAT(Scrubbed({"overlay", "/t", "-o", "lowerdir=/a,extraoption=c2VjcmV0,dev"}),
              ElementsAre("overlay", "/t", "-o", "lowerdir=/a,extraoption*************"));
}

TEST(ArgumentScrub, OverwritesAllLaterArguments) {
  EXPECT_THAT(Scrubbed({"-o", "io.katacontainers.volume=x", "-o", "y"}),
              ElementsAre("-o", "io.katacontainers.volume**", "**", "*"));
}

TEST(ArgumentScrub, LeavesArgumentsWithoutPayloadAlone) {
  EXPECT_THAT(Scrubbed({"overlay", "/t", "-o", "rw"}), ElementsAre("overlay", "/t", "-o", "rw"));
}

}  // namespace
}  // namespace nydus
