// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace nydus {

// Whether text on standard output gets colours: as --color says; else on a terminal that knows
// them, unless NO_COLOR is set (https://no-color.org).
bool WantsColour();

}  // namespace nydus
