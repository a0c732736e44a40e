// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

// Bind mounts by descriptor.
namespace nydus {

// A bind of a directory or file that is mounted nowhere yet. Its ID can be recorded before anybody
// sees it; it goes away with its descriptor unless it was attached.
struct DetachedBind {
  UniqueFd fd;
  std::uint64_t mount_id = 0;
};

// A copy of the mount at `fd` (O_PATH) with that as its root, without the mounts below.
Result<DetachedBind> DetachBind(int fd);

// Attaches the bind on what `target` (O_PATH) is. With a shared parent the kernel puts copies
// wherever that propagates to.
Result<> AttachBind(const DetachedBind& bind, int target);

// MS_SLAVE, MS_PRIVATE of an attached bind. Copies that exist already keep theirs.
Result<> SetPropagation(const DetachedBind& bind, std::uint64_t propagation);

// Makes the attached bind read-only, not its copies.
Result<> MakeReadOnly(const DetachedBind& bind);

// The ID that survives: of STATX_MNT_ID_UNIQUE (Linux 6.8), else of STATX_MNT_ID.
Result<std::uint64_t> LastingMountId(int fd);

// True if a mount made below `fd` shows in slaves of the mount that `fd` lies on:
// /proc/self/mountinfo has shared:N for it.
Result<bool> IsShared(int fd);

// Detaches what is mounted on `name` if it is the mount with this ID. False if nothing is mounted
// there; another mount there is an error (kMount) and stays.
Result<bool> UnmountBeneath(int directory, const std::string& name, std::uint64_t mount_id);

}  // namespace nydus
