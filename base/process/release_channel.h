// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// By which a process tells its child to go on, or, by ending, that it never will. The end that
// waits must not hold the other end, else it waits for itself.
struct ReleaseChannel {
  UniqueFd waiting;
  UniqueFd releasing;
};

Result<ReleaseChannel> MakeReleaseChannel();

void Release(int releasing);

// True if the other side called Release(), false if its end is closed. Safe after fork(2).
bool WaitForRelease(int waiting);

}  // namespace nydus
