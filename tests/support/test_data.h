// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace nydus {

// The bytes of tests/data/`name`. Ends the program if the file cannot be read: without its data a
// test would pass by checking nothing.
std::string ReadTestData(std::string_view name);

}  // namespace nydus
