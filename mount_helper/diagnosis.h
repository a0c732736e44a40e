// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "mount_helper/mount_plan.h"
#include "mount_helper/work_directory_guard.h"

namespace nydus {

// Why the kernel refused this overlay mount: causes that it reports nowhere are looked for, else
// the log of a file system context is read. Only after a failure, because it costs time. `error`
// is what the mount gave and is returned where nothing better is found.
Error DiagnoseOverlayFailure(const OverlayPlan& plan, const WorkDirectoryGuard& guard, Error error);

// `error`, or a missing privilege if the process lacks CAP_SYS_ADMIN: nothing can be mounted then,
// whatever else is wrong.
Error DiagnosePrivilege(Error error);

// `error`; a missing privilege, with its own message, if permission was denied and the process
// lacks CAP_SYS_ADMIN.
Error DiagnosePermission(Error error);

}  // namespace nydus
