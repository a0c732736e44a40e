// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "base/base64.h"
#include "snapshot/payload/json_text.h"
#include "snapshot/payload/payload_policy.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

// A byte of a string can become `\u0000`: what is longer may be too long once written anew.
constexpr std::size_t kLongestEscape = 6;

void CheckBase64(std::string_view text) {
  Demand(DecodeBase64(EncodeBase64(text), Base64Reading::kStrict) == text,
         "base64 is read as it was written");
  const Result<std::string> go = DecodeBase64(text, Base64Reading::kGo);
  const Result<std::string> strict = DecodeBase64(text, Base64Reading::kStrict);
  if (!strict) return;
  Demand(strict == go, "the strict reading of base64 is Go's");
  Demand(EncodeBase64(*strict) == text, "only canonical base64 is read strictly");
}

void CheckPayload(std::string_view base64) {
  const Result<ExtraOption> strict = CheckExtraOption(base64, PayloadPolicy::kStrict);
  const Result<ExtraOption> compatible = CheckExtraOption(base64, PayloadPolicy::kCompatible);
  if (!strict) DemandDiscreet(strict.error());
  Demand(!strict || strict == compatible, "the compatible policy takes what the strict one takes");
  if (!compatible) return DemandDiscreet(compatible.error());
  const std::string written = EncodeBase64(FormatExtraOption(*compatible));
  Demand(CheckExtraOption(written, PayloadPolicy::kStrict) == compatible,
         "an extra option is read, and strictly, as it was written");
}

}  // namespace

// As JSON, and as base64 that may be none.
void FuzzOne(std::string_view input) {
  if (input.size() > kMaxPayloadBytes / kLongestEscape) return;
  CheckBase64(input);
  CheckPayload(input);
  CheckPayload(EncodeBase64(input));
}

}  // namespace nydus
