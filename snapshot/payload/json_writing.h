// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "snapshot/payload/json_reading.h"

namespace nydus {

// Writes one JSON object byte for byte as Go's encoding/json does (json.Marshal of Go 1.22 and
// later): no white space, members in the order added, maps sorted by key, `<>&`, U+2028 and U+2029
// escaped. A byte that is not part of valid UTF-8 becomes \ufffd as there; a caller whose text may
// be no UTF-8 and who must not change it checks first.
class JsonObjectWriter {
 public:
  void AddString(std::string_view key, std::string_view value);
  void AddUnsigned(std::string_view key, std::uint64_t value);
  void AddBool(std::string_view key, bool value);
  void AddStrings(std::string_view key, std::span<const std::string> values);
  // An absent map becomes null.
  void AddMap(std::string_view key, const std::optional<JsonMap>& map);
  // `object` is the text of an object.
  void AddObject(std::string_view key, std::string_view object);
  // An array of such.
  void AddObjects(std::string_view key, std::span<const std::string> objects);

  // The object's text. The writer is spent.
  std::string Finish();

 private:
  void StartMember(std::string_view key);

  std::string text_ = "{";
};

}  // namespace nydus
