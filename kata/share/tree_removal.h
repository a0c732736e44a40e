// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace nydus {

// The most entries that one removal takes away. Somebody who goes on writing must not keep it busy
// for ever.
inline constexpr std::size_t kMaxRemovedEntries = 10'000'000;

// Removes `name` (one component) and everything in it, however deep or wide a hostile guest has
// made it, with a bounded number of descriptors. Never follows a link. Never crosses a mount: one
// below is an error (EBUSY) and stays, as does what holds it. Directories more than 32 levels deep
// are moved up before they are emptied.
// Goes on past failures and returns the first of those that stand. Something that is not there is
// no error.
Result<> RemoveTreeBeneath(int directory, const std::string& name);

}  // namespace nydus
