// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nydus {

// SHA-256, in hexadecimal, of the parts and their lengths: tells whether two requests are the same
// without keeping what they say, which may be credentials.
std::string RequestDigest(const std::vector<std::string_view>& parts);

}  // namespace nydus
