// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/mount_target.h"

namespace nydus {

// Makes the overlay mount through the interface that fits it: mount(2) as long as its data does,
// else a file system context that takes the layers one by one, else mount(2) from the directory
// above the layers. Nothing is mounted after a failure. Changes the working directory.
Result<> MountOverlay(const OverlayPlan& plan, const MountTarget& target);

// The interface that MountOverlay would begin with, for people: "mount(2)" or "fsopen(2)".
std::string_view OverlayInterface(const OverlayPlan& plan);

// Sets up a file system context for the plan. Paths too long for a string are tried as descriptors.
Result<> ConfigureContext(int context_fd, const OverlayPlan& plan);

// `error` with the kernel's own words from the context's log instead of the error number's.
Error WithContextLog(Error error, int context_fd);

}  // namespace nydus
