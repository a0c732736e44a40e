// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_paths.h"

#include <utility>

#include "base/text.h"
#include "snapshot/payload/direct_volume.h"

namespace nydus {

KataDirectories DirectoriesFor(std::string_view rootless_directory) {
  return {
      .state = StrCat(rootless_directory.empty() ? "/run" : rootless_directory, "/nydus-overlayfs"),
      .sandboxes = StrCat(rootless_directory, "/run/kata-containers/shared/sandboxes"),
      .direct_volumes = StrCat(rootless_directory, kDirectVolumesDirectory)};
}

ShareNames NamesOf(ShareLayout layout) {
  switch (layout) {
    case ShareLayout::kGo: return {.submounts = "mounts", .view = "shared", .served = "shared"};
    case ShareLayout::kRust: return {.submounts = "rw", .view = "ro", .served = "rw"};
  }
  std::unreachable();
}

std::string_view LastComponent(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string GuestSubmount(std::string_view name) {
  return StrCat(kGuestContainersDirectory, "/", name);
}

std::string GuestRootfs(std::string_view container) {
  return StrCat(GuestSubmount(container), "/", kRootfsName);
}

std::string GuestLowerDirectory(std::string_view container) {
  return StrCat(kGuestSharedRoot, "rafs/", container, "/lowerdir");
}

std::string GuestVolumeRootfs(std::string_view container) {
  return StrCat("/run/kata-containers/", container, "/rootfs");
}

}  // namespace nydus
