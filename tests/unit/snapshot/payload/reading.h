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

// The row that the tests of nydus-snapshotter and of Kata's Go runtime start from.
inline DmVerity BaseVerity() {
  return {.hash_algorithm = "sha256",
          .root_hash = "9de18652fe74edfb9b805aaed72ae2aa48f94333f1ba5c452ac33b1c39325174",
          .data_blocks = 16384,
          .data_block_size = 512,
          .hash_block_size = 512,
          .hash_offset = 8388608};
}

// A raw block volume whose dm_verity block has these members, e.g. `"blocknum":1`.
inline std::string VolumeWithVerity(std::string_view members) {
  return R"({"volume_type":"image_raw_block","source":"/a","fs_type":"erofs","dm_verity":{)" +
         std::string(members) + "}}";
}

}  // namespace nydus
