// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"

namespace nydus {

enum class PayloadPolicy {
  kCompatible,  // what at least one program in use accepts
  kStrict,      // what nydus-snapshotter writes, and nothing else
  kIgnore,      // payloads are not looked at
};

// "compatible", "strict" or "ignore".
std::optional<PayloadPolicy> ParsePayloadPolicy(std::string_view word);

// Decode and judge one payload, `text` being its base64 form. `policy` is not kIgnore. Errors name
// the field and never repeat a byte of the payload.
Result<ExtraOption> CheckExtraOption(std::string_view text, PayloadPolicy policy);
Result<KataVolume> CheckKataVolume(std::string_view text, PayloadPolicy policy);

}  // namespace nydus
