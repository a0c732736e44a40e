// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/share_layout.h"

// Where Kata's runtimes put what they share with a guest, and where the guest sees it.
namespace nydus {

// The directories of a node, or of one rootless user.
struct KataDirectories {
  std::string state;           // ours, one directory per sandbox
  std::string sandboxes;       // the shares, one directory per sandbox
  std::string direct_volumes;  // mountInfo.json of direct volumes
};

// `rootless_directory` is empty for root, else the user's runtime directory, which Kata puts in
// front of its paths; ours then lie in it.
KataDirectories DirectoriesFor(std::string_view rootless_directory);

// The parts of one sandbox's share, as names in its directory.
struct ShareNames {
  std::string_view submounts;  // where the host mounts
  std::string_view view;       // read-only slave bind of submounts
  std::string_view served;     // which of the two nydusd serves
};
// Go: mounts/ is where submounts are made, shared/ its read-only view, which nydusd serves
// (src/runtime/virtcontainers/kata_agent.go). Rust: rw/ and ro/ likewise, but nydusd serves rw/: a
// guest can write there (src/runtime-rs/crates/resource/src/share_fs).
ShareNames NamesOf(ShareLayout layout);

// Names below submounts/ (and below submounts/CONTAINER/).
inline constexpr char kSandboxMountsName[] = "sandbox-mounts";
inline constexpr char kRootfsName[] = "rootfs";
inline constexpr char kSnapshotDirectoryName[] = "snapshotdir";

// What follows the last slash: nothing if the path ends in one.
std::string_view LastComponent(std::string_view path);

// In the guest.
inline constexpr std::string_view kGuestSharedRoot = "/run/kata-containers/shared/";
// Where it sees what lies below submounts/.
inline constexpr std::string_view kGuestContainersDirectory =
    "/run/kata-containers/shared/containers";
std::string GuestSubmount(std::string_view name);  // .../containers/NAME: a container's or a file's
std::string GuestRootfs(std::string_view container);          // .../containers/CONTAINER/rootfs
std::string GuestLowerDirectory(std::string_view container);  // .../rafs/CONTAINER/lowerdir
std::string GuestVolumeRootfs(std::string_view container);  // /run/kata-containers/CONTAINER/rootfs

}  // namespace nydus
