// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace nydus {

inline constexpr std::string_view kVersionText =
    "mount.fuse.nydus-overlayfs " NYDUS_VERSION " (" NYDUS_HELPER_LIBC ")\n";

inline constexpr std::string_view kHelpText =
    R"(Usage: mount.fuse.nydus-overlayfs SOURCE DIR [-sfnvrw] -o OPTIONS [-t TYPE] [-N NAMESPACE]

Mounts the root file system of a container whose image is in Nydus format: an
overlay, after the payloads for Kata have been checked and taken out of OPTIONS.
Called by mount(8) and, through mount.fuse, by containerd.

  -o OPTIONS    overlay options, mount flags, extraoption=BASE64,
                io.katacontainers.volume=BASE64, nydus.mode=MODE,
                nydus.payload=POLICY; may be repeated
  -f            check and plan, but do not mount
  -v            show the plan on standard error
  -s            pass over unknown letters
  -r, -w        the same as -o ro, -o rw
  -n            accepted; mount(8) keeps its own books
  -t TYPE       nydus-overlayfs, with or without fuse. in front
  -N NAMESPACE  file of the mount namespace to mount in
  --help        this text
  --version     the version

Exit status: 0 mounted, 1 bad usage, option, payload or missing privilege,
2 system error, 4 internal error, 32 mount failed.

The whole story is in mount.fuse.nydus-overlayfs(8).
)";

}  // namespace nydus
