// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "mount_helper/mount_request.h"

namespace nydus {

// One word; "ignore" lets mounts with a broken payload through. For nodes that must be rescued:
// containerd's callers cannot add an option.
inline constexpr char kPayloadPolicyFile[] = "/etc/nydus-overlayfs/payload-policy";

// Decodes and judges every payload by the request's policy, or the compatible one. The rescue file
// is read only after a payload has failed, and not if the request names a policy. `notes` says
// when it let a payload through.
Result<> CheckPayloads(const MountRequest& request, std::vector<std::string>& notes);

}  // namespace nydus
