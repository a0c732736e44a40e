// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/payload_options.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

constexpr std::size_t kLimit = std::size_t{128} * 1024;

ExtraOption Option() {
  return {.source = "/b", .config = "{}", .snapshot_dir = "/s/9", .fs_version = "v6"};
}

std::size_t JsonSizeOf(const ExtraOption& option) {
  const std::string text = *EncodeExtraOption(option);
  return DecodeBase64(text.substr(text.find('=') + 1), Base64Reading::kStrict)->size();
}

TEST(EncodeExtraOption, WritesNameAndCanonicalBase64) {
  EXPECT_EQ(EncodeExtraOption(Option()),
            StrCat("extraoption=",
                   EncodeBase64(
                       R"({"source":"/b","config":"{}","snapshotdir":"/s/9","fs_version":"v6"})")));
}

TEST(EncodeExtraOption, WantsEveryField) {
  for (std::string ExtraOption::* field : {&ExtraOption::source, &ExtraOption::config,
                                           &ExtraOption::snapshot_dir, &ExtraOption::fs_version}) {
    ExtraOption option = Option();
    (option.*field).clear();
    EXPECT_THAT(EncodeExtraOption(option), HasError(ErrorKind::kUsage, ": is "));
  }
}

TEST(EncodeExtraOption, RefusesTextThatJsonWouldChange) {
  for (std::string ExtraOption::* field :
       {&ExtraOption::source, &ExtraOption::config, &ExtraOption::snapshot_dir}) {
    ExtraOption option = Option();
    option.*field += "\xFF";
    EXPECT_THAT(EncodeExtraOption(option), HasError(ErrorKind::kUsage, "is not UTF-8"));
  }
}

TEST(EncodeExtraOption, WritesUpToWhatIsRead) {
  ExtraOption option = Option();
  option.config.append(kLimit - JsonSizeOf(option), 'x');
  ASSERT_THAT(EncodeExtraOption(option), IsOk());
  EXPECT_EQ(JsonSizeOf(option), kLimit);
  option.config += 'x';
  EXPECT_THAT(EncodeExtraOption(option),
              HasError(ErrorKind::kUsage, "extraoption: is longer than 131072 bytes"));
}

TEST(EncodeKataVolume, WritesNameAndCanonicalBase64) {
  EXPECT_EQ(EncodeKataVolume({.volume_type = "direct_block", .source = "/dev/sdb"}),
            StrCat("io.katacontainers.volume=",
                   EncodeBase64(R"({"volume_type":"direct_block","source":"/dev/sdb"})")));
}

TEST(EncodeKataVolume, RefusesWhatNobodyWouldRead) {
  EXPECT_THAT(EncodeKataVolume({.volume_type = "direct_block", .source = std::string(kLimit, 'x')}),
              HasError(ErrorKind::kUsage, "io.katacontainers.volume: is longer than 131072 bytes"));
}

}  // namespace
}  // namespace nydus
