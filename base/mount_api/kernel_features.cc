// SPDX-License-Identifier: Apache-2.0
#include "base/mount_api/kernel_features.h"

#include <sys/vfs.h>

#include <cerrno>

#include "base/mount_api/mount_api.h"

namespace nydus {

// COMPAT(linux < 6.5): overlay's legacy parser accepts every key and fails at creation, so only a
// context that refuses a nonsense key can be believed when it accepts `lowerdir+`.
bool OverlayTakesLayersOneByOne() {
  const Result<UniqueFd> context = FsOpen("overlay");
  if (!context) return false;
  const bool accepts_nonsense = FsConfigString(context->get(), "nydus-nonsense", "1").has_value();
  return !accepts_nonsense && FsConfigString(context->get(), "lowerdir+", "/").has_value();
}

bool IsAbsent(int errno_value) {
  return errno_value == ENOSYS || errno_value == EPERM;
}

bool SelinuxIsOn() {
  constexpr unsigned long kSelinuxMagic = 0xf97cff8c;  // include/uapi/linux/magic.h
  struct statfs status = {};
  return statfs("/sys/fs/selinux", &status) == 0 &&
         static_cast<unsigned long>(status.f_type) == kSelinuxMagic;
}

}  // namespace nydus
