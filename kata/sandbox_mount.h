// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "fuse/nydusd/nydusd_client.h"
#include "kata/sandbox_paths.h"

namespace nydus {

// Has the nydusd of a sandbox serve something more than its containers. It counts among the mounts
// that this nydusd can tell apart, and is never taken back with the sandbox's containers. While
// nydusd works on it, other calls have the sandbox.
Result<> MountInSandbox(const KataDirectories& directories, const std::string& sandbox,
                        const NydusdMount& mount, Deadline deadline);

}  // namespace nydus
