// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "snapshot/payload/payload_policy.h"

namespace {

using nydus::PayloadPolicy;

// What the strict policy takes, the compatible one takes too.
template <typename Check>
void CheckBoth(Check check, std::string_view base64) {
  const bool strict = check(base64, PayloadPolicy::kStrict).has_value();
  const bool compatible = check(base64, PayloadPolicy::kCompatible).has_value();
  if (strict && !compatible) std::abort();
}

}  // namespace

// As JSON, and as base64 that may be none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const std::string& base64 : {text, nydus::EncodeBase64(text)}) {
    CheckBoth(nydus::CheckExtraOption, base64);
    CheckBoth(nydus::CheckKataVolume, base64);
  }
  return 0;
}
