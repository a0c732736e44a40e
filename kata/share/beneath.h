// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

// Files below a directory that a guest may be able to write: reached by descriptor, never over a
// link, a mount or "..". openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV;
// a kernel without it (before 5.6) is kUnsupported, everything else kMount with errno.
// `name` is one component, from an identifier or a constant.
namespace nydus {

// `flags` as for openat2(2), without O_CREAT; O_CLOEXEC is added. ENOENT where there is nothing,
// ELOOP for a link, EXDEV for a mount.
Result<UniqueFd> OpenBeneath(int directory, const std::string& path, int flags);

// O_PATH of what is mounted on `path`, or of the directory itself where nothing is. Mounts on the
// way are crossed.
Result<UniqueFd> OpenMountBeneath(int directory, const std::string& path);

// Makes one directory where it is missing and opens it (O_PATH). An existing one keeps its mode.
Result<UniqueFd> MakeDirectoryBeneath(int directory, const std::string& name, mode_t mode);

// Makes all missing parts of an absolute path that only root and this user can change, e.g.
// /run/kata-containers/shared/sandboxes, and opens it (O_PATH). No part is a link; every part is a
// directory of root's or this user's that others cannot write, or it is refused. A sticky one, such
// as /tmp, may stand on the way: its parts are somebody's own, and are checked likewise. In a user
// namespace that has no ID for the host's root, directories of the overflow ID count as root's,
// down to the first one of this user's.
Result<UniqueFd> MakeTrustedDirectories(const std::string& path, mode_t mode);

// Removes an empty directory. One that is not there is no error.
Result<> RemoveDirectoryBeneath(int directory, const std::string& name);

}  // namespace nydus
