// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gflags/gflags_declare.h>

// The flags that more than one verb takes.
DECLARE_bool(json);
DECLARE_string(color);
DECLARE_string(source);
DECLARE_string(config);
DECLARE_string(apisock);
DECLARE_string(sandbox);
DECLARE_string(rootless_dir);
DECLARE_string(nydusd);
DECLARE_bool(debug);

namespace nydus {

// The value of a flag that takes a list: nothing for an empty one, else all between its commas.
std::vector<std::string> SplitListFlag(std::string_view value);

}  // namespace nydus
