// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/payload/json_text.h"

// Payloads and options hold credentials of registries. What may be shown is listed by name; all
// else is masked, and so are names that are not listed.
namespace nydus {

// "(masked, 12 bytes)"
std::string Mask(std::string_view secret);

// A text that may be shown, made printable; user and password before the host of a URL are masked.
std::string ShowText(std::string_view text);

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
