// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/diagnose/inspect/value_kind.h"
#include "snapshot/payload/json_text.h"

// Payloads and options hold credentials of registries. What may be shown is listed by name and by
// the kind of its value; all else is masked, and so are names that are not listed.
namespace nydus {

// "(masked, 12 bytes)"
std::string Mask(std::string_view secret);

// A value as it may be shown, printable.
struct ShownValue {
  std::string text;
  bool masked = false;
};

// `value` itself if it is one of `kind`, else its mask. Without a kind nothing may be shown.
ShownValue ShowValue(std::optional<ValueKind> kind, std::string_view value);

// One value inside a payload. The texts are printable.
struct PayloadField {
  std::string group;  // the names of the members on the way to it, joined by dots
  std::string name;
  std::string value;
  bool masked = false;

  bool operator==(const PayloadField&) const = default;
};

// How many fields of one payload are listed.
inline constexpr std::size_t kMaxPayloadFields = 256;

// The fields in the order of the text, at most kMaxPayloadFields. nydusd's configuration, JSON
// inside a text, is opened and masked the same way.
std::vector<PayloadField> ShowExtraOption(const JsonValue& payload);
std::vector<PayloadField> ShowKataVolume(const JsonValue& payload);

}  // namespace nydus
