// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "mount_helper/option_table.h"

namespace nydus {

// The MOUNT_ATTR_* bits of the mount that `fd` lives on.
Result<std::uint64_t> CurrentAttributes(int fd);

// Sets and clears attributes of the mount whose root is `mount_fd`. Clears only what is set. A
// flag that a user namespace has locked cannot be cleared: it stays, and `notes` says so.
Result<> ChangeAttributes(int mount_fd, AttributeBits wanted, std::vector<std::string>& notes);

}  // namespace nydus
