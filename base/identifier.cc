// SPDX-License-Identifier: Apache-2.0
#include "base/identifier.h"

#include <algorithm>

namespace nydus {

namespace {

bool IsLetterOrDigit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

bool IsIdentifier(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdentifierBytes && IsLetterOrDigit(text[0]) &&
         std::ranges::all_of(
             text, [](char c) { return IsLetterOrDigit(c) || c == '_' || c == '.' || c == '-'; });
}

}  // namespace nydus
