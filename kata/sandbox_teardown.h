// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.h"
#include "base/error.h"
#include "kata/sandbox_paths.h"
#include "kata/sandbox_record.h"
#include "kata/sandbox_state.h"

namespace nydus {

// kMount if the sandbox was made in another mount or process namespace: its mounts and its nydusd
// can be told apart only there.
Result<> CheckNamespaces(const SandboxRecord& record);

// The same, and if a call for the sandbox was interrupted.
Result<> CheckReady(const SandboxRecord& record);

// Takes down everything that the record says may be there: nydusd, the containers, the share. Goes
// on past failures; the error tells all of them, and the state stays. Otherwise it is gone.
Result<> TakeDownSandbox(const KataDirectories& directories, SandboxState state,
                         SandboxRecord& record, Deadline deadline);

}  // namespace nydus
