// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace nydus {

// Writes all of `text` to `fd`, in as many pieces as that takes. Returns 0, or errno of the piece
// that failed.
int WriteAll(int fd, std::string_view text);

}  // namespace nydus
