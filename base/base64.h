// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace nydus {

// Both read the standard alphabet with padding (RFC 4648, section 4).
enum class Base64Reading {
  kStrict,  // the canonical form only: what EncodeBase64 writes
  kGo,      // as Go's base64.StdEncoding: line breaks are skipped, unused bits may be set
};

// Errors name the byte position, never the text.
Result<std::string> DecodeBase64(std::string_view text, Base64Reading reading);

std::string EncodeBase64(std::string_view bytes);

// With the alphabet for file names (section 5) and padding.
std::string EncodeBase64Url(std::string_view bytes);

}  // namespace nydus
