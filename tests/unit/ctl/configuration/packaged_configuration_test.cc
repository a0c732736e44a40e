// SPDX-License-Identifier: Apache-2.0
//
// The file that packages put into /etc/nydus-overlayfs: every key, commented out.
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/configuration/configuration.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

std::string PackagedText() {
  std::ifstream file(NYDUS_PACKAGED_CONFIGURATION);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(PackagedConfiguration, ChangesNothing) {
  const std::string text = PackagedText();
  ASSERT_FALSE(text.empty());
  const auto configuration = ParseConfiguration(text);
  ASSERT_THAT(configuration, IsOk());
  EXPECT_EQ(*configuration, Configuration());
}

TEST(PackagedConfiguration, ShowsEveryKeyWithAValidValue) {
  const std::regex commented_out("(^|\n)#([a-z_]+ = )");
  const auto configuration =
      ParseConfiguration(std::regex_replace(PackagedText(), commented_out, "$1$2"));
  ASSERT_THAT(configuration, IsOk());
  const Configuration defaults;
  EXPECT_NE(configuration->sandbox, defaults.sandbox);
  EXPECT_NE(configuration->api_socket, defaults.api_socket);
  EXPECT_NE(configuration->layout, defaults.layout);
  EXPECT_NE(configuration->snapshot_roots, defaults.snapshot_roots);
  EXPECT_NE(configuration->nydusd_path, defaults.nydusd_path);
}

}  // namespace
}  // namespace nydus
