// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/hints.h"

#include <gmock/gmock.h>

#include "base/base64.h"
#include "base/text.h"
#include "tests/support/named_cases.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> HintsOf(MountText text) {
  if (text.options.empty()) text.options = "lowerdir=/a:/b";
  return Inspect(text, {}).hints;
}

TEST(Hint, TellsThatASignalOfGoEndedTheProgram) {
  EXPECT_THAT(HintsOf({.signal = 9}), ElementsAre(HasSubstr("killed by signal 9")));
}

}  // namespace
}  // namespace nydus
