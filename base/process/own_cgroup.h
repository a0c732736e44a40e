// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

// A process that outlives its caller is taken out of the caller's cgroup: systemd ends a unit by
// killing its cgroup, and its limits hold for all in there. The process gets a cgroup v2 of its
// own, `nydus-overlayfs/nydusd-PID` below the root of /sys/fs/cgroup, or of /sys/fs/cgroup/unified
// where version 1 has the controllers (systemd.io: CGROUP_DELEGATION). No controller is enabled
// there.
namespace nydus {

// Moves a process that has no threads yet. Where that is not possible (no cgroup v2, a read-only
// one, no privilege) it stays where it is. Before that, empty cgroups of former processes are
// removed: their makers may have been killed.
void EnterOwnCgroup(pid_t pid);

// Of a process that has ended. A cgroup in which one runs stays.
void RemoveOwnCgroup(pid_t pid);

}  // namespace nydus
