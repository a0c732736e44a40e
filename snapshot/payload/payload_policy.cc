// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/payload_policy.h"

#include "base/base64.h"
#include "base/text.h"
#include "snapshot/payload/json_text.h"
#include "snapshot/payload/volume_validation.h"

namespace nydus {

namespace {

Failure Bad(std::string message, std::string hint = {}) {
  return Fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

Result<JsonValue> DecodePayload(std::string_view text, PayloadPolicy policy) {
  const Base64Reading reading =
      policy == PayloadPolicy::kStrict ? Base64Reading::kStrict : Base64Reading::kGo;
  const Failure too_long = Bad(StrCat("is longer than ", kMaxPayloadBytes, " bytes"));
  if (text.size() / 2 > kMaxPayloadBytes) return too_long;
  const Result<std::string> json = DecodeBase64(text, reading);
  if (!json) return Failure(json.error());
  if (json->size() > kMaxPayloadBytes) return too_long;
  return ParseJson(*json);
}

Result<> CheckOddities(const JsonOddities& oddities, PayloadPolicy policy) {
  if (policy != PayloadPolicy::kStrict) return {};
  if (oddities.unknown_key) return Bad("holds an unknown key, refused by the strict policy");
  if (oddities.folded_key)
    return Bad("holds a key in the wrong case, refused by the strict policy");
  if (oddities.duplicate_key) return Bad("holds a key twice, refused by the strict policy");
  return {};
}

// dm_verity is judged for every type: a block that validates nowhere protects nothing.
Result<> CheckVerity(const KataVolume& volume, PayloadPolicy policy) {
  if (!volume.dm_verity) return {};
  const bool strict = policy == PayloadPolicy::kStrict;
  Result<> valid = strict ? ValidateDmVerityForActivation(*volume.dm_verity)
                          : ValidateDmVerity(*volume.dm_verity);
  if (!valid) return Failure(Wrap(std::move(valid.error()), "dm_verity"));
  return {};
}

bool RustAccepts(std::string_view text, const JsonValue& json) {
  if (!DecodeBase64(text, Base64Reading::kStrict)) return false;
  const Result<KataVolume> volume = ReadKataVolume(json, {.dialect = JsonDialect::kRust});
  return volume && ValidateForKataRust(*volume);
}

// A known type that no program in use would take is broken; an unknown one may be newer than we
// are. The reason given is the snapshotter's, which wrote the payload.
Result<> CheckSomebodyAccepts(std::string_view text, const JsonValue& json,
                              const KataVolume& volume) {
  if (!ParseKataVolumeType(volume.volume_type)) return {};
  Result<> snapshotter = ValidateForSnapshotter(volume);
  if (snapshotter || ValidateForKataGo(volume) || RustAccepts(text, json)) return {};
  return snapshotter;
}

}  // namespace

std::optional<PayloadPolicy> ParsePayloadPolicy(std::string_view word) {
  if (word == "compatible") return PayloadPolicy::kCompatible;
  if (word == "strict") return PayloadPolicy::kStrict;
  if (word == "ignore") return PayloadPolicy::kIgnore;
  return std::nullopt;
}

Result<ExtraOption> CheckExtraOption(std::string_view text, PayloadPolicy policy) {
  const Result<JsonValue> json = DecodePayload(text, policy);
  if (!json) return Failure(json.error());
  JsonOddities oddities;
  Result<ExtraOption> option = ReadExtraOption(*json, {.oddities = &oddities});
  if (!option) return option;
  if (Result<> valid = ValidateExtraOption(*option); !valid) {
    if (LooksLikeKataVolume(*json)) {
      return Bad("holds a Kata volume, not an extra option",
                 "a Kata volume belongs into io.katacontainers.volume=");
    }
    return Failure(std::move(valid.error()));
  }
  if (Result<> clean = CheckOddities(oddities, policy); !clean) {
    return Failure(std::move(clean.error()));
  }
  return option;
}

Result<KataVolume> CheckKataVolume(std::string_view text, PayloadPolicy policy) {
  const Result<JsonValue> json = DecodePayload(text, policy);
  if (!json) return Failure(json.error());
  JsonOddities oddities;
  Result<KataVolume> volume = ReadKataVolume(*json, {.oddities = &oddities});
  if (!volume) return volume;
  if (volume->volume_type.empty()) return Bad("volume_type: is missing or empty");
  Result<> accepted = CheckVerity(*volume, policy);
  if (accepted) accepted = CheckOddities(oddities, policy);
  if (accepted) {
    accepted = policy == PayloadPolicy::kStrict ? ValidateForSnapshotter(*volume)
                                                : CheckSomebodyAccepts(text, *json, *volume);
  }
  if (!accepted) return Failure(std::move(accepted.error()));
  return volume;
}

}  // namespace nydus
