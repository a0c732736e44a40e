// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "base/base64.h"
#include "snapshot/payload/payload_policy.h"
#include "snapshot/payload/volume_validation.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

// The volume as Rust reads it, if it is one and Rust's validator takes it.
bool RustAccepts(const JsonValue& json) {
  const Result<KataVolume> volume = ReadKataVolume(json, {.dialect = JsonDialect::kRust});
  return volume && ValidateForKataRust(*volume);
}

void CheckValidators(const KataVolume& accepted, std::string_view json_text, bool strictly) {
  const Result<JsonValue> json = ParseJson(json_text);
  Demand(json.has_value(), "an accepted payload is JSON");
  const bool snapshotter = ValidateForSnapshotter(accepted).has_value();
  Demand(!strictly || snapshotter, "the strict policy takes what nydus-snapshotter takes");
  Demand(!ParseKataVolumeType(accepted.volume_type) || snapshotter || ValidateForKataGo(accepted) ||
             RustAccepts(*json),
         "a volume of a known type is taken by one of the three validators");
  if (!accepted.dm_verity) return;
  Demand(ValidateDmVerity(*accepted.dm_verity).has_value(), "an accepted dm_verity is valid");
  Demand(!strictly || ValidateDmVerityForActivation(*accepted.dm_verity),
         "a strictly accepted dm_verity can be activated");
}

// Every volume that can be read, valid or not.
void CheckRoundTrip(std::string_view json_text) {
  const Result<JsonValue> json = ParseJson(json_text);
  if (!json) return;
  const Result<KataVolume> volume = ReadKataVolume(*json, {});
  if (!volume) return;
  const Result<JsonValue> written = ParseJson(FormatKataVolume(*volume));
  Demand(written && ReadKataVolume(*written, {}) == volume, "a volume is read as it was written");
}

}  // namespace

void FuzzOne(std::string_view input) {
  const std::string base64 = EncodeBase64(input);
  const Result<KataVolume> strict = CheckKataVolume(base64, PayloadPolicy::kStrict);
  const Result<KataVolume> compatible = CheckKataVolume(base64, PayloadPolicy::kCompatible);
  if (!strict) DemandDiscreet(strict.error());
  if (!compatible) DemandDiscreet(compatible.error());
  Demand(!strict || strict == compatible, "the compatible policy takes what the strict one takes");
  if (compatible) CheckValidators(*compatible, input, strict.has_value());
  CheckRoundTrip(input);
}

}  // namespace nydus
