// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "kata/container_share.h"
#include "kata/rootfs.h"
#include "kata/sandbox_record.h"

// What becomes of a request, settled before anything is changed.
namespace nydus {

// The name can be a container's: an identifier, and no name of ours in the share.
Result<> CheckContainerName(const std::string& container);

// A directory or file of the host's that is to be bound. Links are followed, as Kata does. `what`
// names it in messages.
Result<UniqueFd> OpenHostPath(const std::string& what, const std::string& path, int flags);

// What does not depend on the sandbox: payloads, source, snapshot directory.
Result<ContainerPlan> PlanContainer(const RootfsRequest& request);

// What a sandbox has to do for a request.
enum class NextStep {
  kShare,          // there is no such container
  kTakeBackFirst,  // an interrupted call began it
  kNothing,        // it is shared already, and lives
};

// Whether the sandbox can take the container as planned. Asks nydusd, and notes in the plan what it
// serves.
Result<NextStep> SettleInSandbox(const OpenSandbox& sandbox, const RootfsRequest& request,
                                 ContainerPlan& plan, Deadline deadline);

}  // namespace nydus
