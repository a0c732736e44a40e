// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "snapshot/payload/payload_policy.h"
#include "tests/support/captured_command_lines.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/snapshot/payload/reading.h"

namespace nydus {
namespace {

// A command line under a name that GoogleTest takes.
struct Captured {
  std::string name;
  CapturedCommandLine line;
};

std::vector<Captured> AllCaptured() {
  std::vector<Captured> all;
  for (CapturedCommandLine& line : CapturedCommandLines()) {
    std::string name = line.name;
    for (char& c : name) {
      if (c == '.' || c == '-') c = '_';
    }
    all.push_back({std::move(name), std::move(line)});
  }
  return all;
}

class CapturedPayload : public testing::TestWithParam<Captured> {
 protected:
  static void ExpectAccepted(PayloadPolicy policy) {
    for (const CapturedCommandLine::Payload& payload : GetParam().line.payloads) {
      SCOPED_TRACE(payload.option);
      const std::string text = EncodeBase64(payload.json);
      if (payload.option == "extraoption") {
        EXPECT_THAT(CheckExtraOption(text, policy), IsOk());
      } else {
        EXPECT_THAT(CheckKataVolume(text, policy), IsOk());
      }
    }
  }
};

TEST_P(CapturedPayload, StandsOnTheCommandLineInCanonicalBase64) {
  const std::string& options = GetParam().line.argv.back();
  std::size_t behind_last = 0;
  for (const CapturedCommandLine::Payload& payload : GetParam().line.payloads) {
    const std::string option = StrCat(",", payload.option, "=", EncodeBase64(payload.json));
    const std::size_t at = options.find(option, behind_last);
    ASSERT_NE(at, std::string::npos) << payload.option;
    behind_last = at + option.size();
  }
}

TEST_P(CapturedPayload, PassesTheCompatiblePolicy) {
  ExpectAccepted(PayloadPolicy::kCompatible);
}

TEST_P(CapturedPayload, PassesTheStrictPolicy) {
  ExpectAccepted(PayloadPolicy::kStrict);
}

TEST_P(CapturedPayload, IsWrittenAsItWasRead) {
  for (const CapturedCommandLine::Payload& payload : GetParam().line.payloads) {
    if (payload.option == "extraoption") {
      const Result<ExtraOption> option = ReadOption(payload.json, JsonDialect::kGo);
      ASSERT_THAT(option, IsOk());
      EXPECT_EQ(FormatExtraOption(*option), payload.json);
    } else {
      const Result<KataVolume> volume = ReadVolume(payload.json, JsonDialect::kGo);
      ASSERT_THAT(volume, IsOk());
      EXPECT_EQ(FormatKataVolume(*volume), payload.json);
    }
  }
}

TEST_P(CapturedPayload, IsRefusedUnderTheOtherOption) {
  for (const CapturedCommandLine::Payload& payload : GetParam().line.payloads) {
    const std::string text = EncodeBase64(payload.json);
    if (payload.option == "extraoption") {
      EXPECT_THAT(CheckKataVolume(text, PayloadPolicy::kCompatible),
                  HasError(ErrorKind::kUsage, "volume_type: is missing or empty"));
    } else {
      EXPECT_THAT(CheckExtraOption(text, PayloadPolicy::kCompatible),
                  HasError(ErrorKind::kUsage, "holds a Kata volume"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(CommandLine, CapturedPayload, testing::ValuesIn(AllCaptured()),
                         NameOfCase());

}  // namespace
}  // namespace nydus
