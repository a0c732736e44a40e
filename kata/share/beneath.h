// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

// Files below a directory that a guest may be able to write: reached by descriptor, never over a
// link, a mount or "..". openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV;
// a kernel without it (before 5.6) is kUnsupported.
namespace nydus {

// `flags` as for openat2(2); O_CLOEXEC is added. Errors carry errno: ENOENT, ELOOP for a link,
// EXDEV for a mount.
Result<UniqueFd> OpenBeneath(int directory, const std::string& path, int flags);

// O_PATH of what is mounted on `name`, or of the directory itself where nothing is.
Result<UniqueFd> OpenMountBeneath(int directory, const std::string& name);

// Makes one directory where it is missing and opens it (O_PATH). An existing one keeps its mode.
Result<UniqueFd> MakeDirectoryBeneath(int directory, const std::string& name, mode_t mode);

// Makes all missing parts of an absolute path that only root and its user can change, e.g.
// /run/kata-containers/shared/sandboxes, and opens it (O_PATH). Every part is a directory of root's
// or this user's that others cannot write, or it is refused; no part is a link.
Result<UniqueFd> MakeTrustedDirectories(const std::string& path, mode_t mode);

// Removes an empty directory. One that is not there is no error.
Result<> RemoveDirectoryBeneath(int directory, const std::string& name);

// Removes `name` and everything in it, however deep, on this mount alone: a mount below it is an
// error (EBUSY) and stays untouched, as does what holds it. Goes on past failures and returns the
// first. Something that is not there is no error.
Result<> RemoveTreeBeneath(int directory, const std::string& name);

}  // namespace nydus
