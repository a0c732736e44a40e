// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

// Bind mounts by descriptor: open_tree(2), move_mount(2) (Linux 5.2), mount_setattr(2) (5.12).
// A kernel without one of them is kUnsupported, everything else kMount with errno. Needs /proc.
namespace nydus {

// A bind of a directory or file that is mounted nowhere yet. Its ID can be recorded before anybody
// sees it; it goes away with its descriptor unless it was attached.
struct DetachedBind {
  UniqueFd fd;
  std::uint64_t mount_id = 0;
};

// Makes what a bind of `source` is attached to: a directory for a directory, an empty file for
// anything else. `name` must be free; what is there already is somebody else's.
Result<UniqueFd> MakePlaceFor(int source, int directory, const std::string& name,
                              mode_t directory_mode);

// A copy of the mount at `fd` (O_PATH) with that as its root, without the mounts below.
Result<DetachedBind> DetachBind(int fd);

// Attaches the bind on what `target` (O_PATH) is. With a shared parent the kernel puts copies
// wherever that propagates to, with the attributes that the bind has by then.
Result<> AttachBind(const DetachedBind& bind, int target);

// MS_SLAVE, MS_PRIVATE. Copies that exist already keep theirs.
Result<> SetPropagation(const DetachedBind& bind, std::uint64_t propagation);

// Attaches it so that no mount made later below its source, it or a copy of it shows in another.
// Unmounting it still takes its copies along, because that is up to the parent's propagation.
Result<> AttachPrivately(const DetachedBind& bind, int target);

// Makes the bind read-only, not its copies.
Result<> MakeReadOnly(const DetachedBind& bind);

// The ID that survives: of STATX_MNT_ID_UNIQUE (Linux 6.8), else of STATX_MNT_ID, which the kernel
// gives to another mount once this one is gone.
Result<std::uint64_t> LastingMountId(int fd);

// True if something is mounted on `name` (one component), which is there.
Result<bool> IsMountedOn(int directory, const std::string& name);

// True if a mount made below `fd` shows in slaves of the mount that `fd` lies on:
// /proc/self/mountinfo has shared:N for it.
Result<bool> IsShared(int fd);

// Detaches the mount with this LastingMountId() from wherever it is below `directory`: a guest may
// have renamed what holds it. False if it is not there. An error if that cannot be told, because a
// mount lies under another one or the guest goes on renaming; nothing is unmounted then.
Result<bool> UnmountBeneath(int directory, std::uint64_t mount_id);

// The same for many, in one walk through the mounts. Takes out of the set what it unmounted, also
// before an error; without one the rest is not there.
Result<> UnmountBeneath(int directory, std::set<std::uint64_t>& mount_ids);

}  // namespace nydus
