// SPDX-License-Identifier: Apache-2.0
#pragma once

// What this kernel can do, found by trying; versions are never compared, because distributions
// backport and sandboxes take away.
namespace nydus {

// True if an overlay file system context takes its layers one by one (`lowerdir+`, Linux 6.7).
// False as well where the calls are missing or refused (ENOSYS, EPERM from a seccomp filter).
bool OverlayTakesLayersOneByOne();

// True for what a system call of the newer mount interface answers where it is missing, or where a
// seccomp filter takes it away.
bool IsAbsent(int errno_value);

// True if SELinux is on: its file system is mounted where its users look for it.
bool SelinuxIsOn();

}  // namespace nydus
