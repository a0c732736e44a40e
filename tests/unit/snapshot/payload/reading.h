// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/json_reading.h"
#include "snapshot/payload/json_text.h"
#include "snapshot/payload/kata_volume.h"

// From JSON text to objects, as the tests of the readers need it. The text has to parse.
namespace nydus {

inline Result<KataVolume> ReadVolume(std::string_view json, JsonDialect dialect,
                                     JsonOddities* oddities = nullptr) {
  const Result<JsonValue> value = ParseJson(json);
  if (!value) return Fail(ErrorKind::kInternal, "the test's own JSON: " + value.error().message);
  return ReadKataVolume(*value, {dialect, oddities});
}

inline Result<ExtraOption> ReadOption(std::string_view json, JsonDialect dialect,
                                      JsonOddities* oddities = nullptr) {
  const Result<JsonValue> value = ParseJson(json);
  if (!value) return Fail(ErrorKind::kInternal, "the test's own JSON: " + value.error().message);
  return ReadExtraOption(*value, {dialect, oddities});
}

// A raw block volume whose dm_verity block has these members, e.g. `"blocknum":1`.
inline std::string VolumeWithVerity(std::string_view members) {
  return R"({"volume_type":"image_raw_block","source":"/a","fs_type":"erofs","dm_verity":{)" +
         std::string(members) + "}}";
}

}  // namespace nydus
