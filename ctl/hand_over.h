// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace nydus {

// A mount that the mount helper gave to this program (ctl/tool_request.h), from there to the exit
// code. The caller knows nothing of two programs: messages and exit codes are the mount helper's
// (mount_helper/report.h). In mode kata nothing is mounted on the target; success means handed
// over.
int RunHandOver(std::string_view descriptor);

}  // namespace nydus
