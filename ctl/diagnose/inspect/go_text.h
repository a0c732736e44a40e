// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "ctl/diagnose/inspect/mount_text.h"

namespace nydus {

// The mounts in a line as Go programs print them:
//   mount helper [mount.fuse [overlay /t -o a -o b -t nydus-overlayfs]] failed: "...": exit status
//   1
//     (containerd: core/mount/mount_linux.go, mountWithHelper)
//   mount source: "overlay", target: "/t", fstype: overlay, ... (go_error.h)
//   {fuse.nydus-overlayfs overlay  [a b]}, with or without names (%v and %+v of mount.Mount)
//   type:"fuse.nydus-overlayfs" source:"overlay" options:"a" (protobuf text)
//   any list in brackets that holds words of a mount
std::vector<MountText> FindGoMounts(std::string_view line);

}  // namespace nydus
