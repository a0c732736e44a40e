// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/tool_exec.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"

namespace nydus {
namespace {

TEST(ToolRequest, IsOneJsonObjectWithAVersion) {
  const CommandLine line{.source = "overlay", .target = "/t\xFF", .options = "a,b\"", .fake = true};
  const auto request = nlohmann::json::parse(FormatToolRequest(line, 7));
  EXPECT_EQ(request.at("version"), kToolRequestVersion);
  EXPECT_EQ(request.at("source"), EncodeBase64("overlay"));
  EXPECT_EQ(request.at("target"), EncodeBase64("/t\xFF"));
  EXPECT_EQ(request.at("options"), EncodeBase64("a,b\""));
  EXPECT_EQ(request.at("fake"), true);
  EXPECT_EQ(request.at("verbose"), false);
  EXPECT_EQ(request.at("namespace_fd"), 7);
  EXPECT_EQ(request.size(), 7U);
}

}  // namespace
}  // namespace nydus
