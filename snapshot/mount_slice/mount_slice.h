// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "snapshot/mount_slice/id_mapping.h"
#include "snapshot/mount_slice/labels.h"
#include "snapshot/payload/kata_volume.h"

// What a snapshotter answers to Prepare, View and Mounts: the mounts that nydus-snapshotter v0.16.1
// makes (snapshot/snapshot.go, snapshot/mount_option.go), byte for byte, of values. Nothing is read
// from disk or mounted.
//
// Directories are absolute. One that holds a comma, a colon or a backslash is refused: overlay's
// options would need escapes, and the snapshotter writes none. Errors begin with the field.
namespace nydus {

// The most snapshots below one, or above the RAFS: what the kernel stacks (OVL_MAX_STACK).
inline constexpr std::size_t kMaxParents = 500;

// A mount as containerd's API has it (api/types/mount.proto).
struct Mount {
  std::string type;
  std::string source;
  std::vector<std::string> options;

  bool operator==(const Mount&) const = default;
};

enum class SnapshotKind { kActive, kView, kCommitted };

// A snapshot as containerd's storage package has it, with directories for its IDs.
struct Snapshot {
  SnapshotKind kind = SnapshotKind::kActive;
  std::string directory;             // holds fs/ and, in an active snapshot, work/
  std::vector<std::string> parents;  // the directories of the snapshots below, nearest first
};

// A plain image: mountNative. A bind of the one directory there is, else an overlay.
struct NativeMountInput {
  Snapshot snapshot;
  bool is_volatile = false;             // label::kVolatile or enable_overlayfs_volatile
  std::optional<IdMapping> id_mapping;  // ReadIdMapping() of the snapshot's labels
};
Result<Mount> BuildNativeMount(const NativeMountInput& input);

// A snapshot on top of a mounted RAFS image: mountRemote.
struct RemoteMountInput {
  Snapshot snapshot;                      // its parents are not looked at
  std::string rafs_directory;             // where the image is mounted
  std::vector<std::string> layers_above;  // the snapshots between: index or referrer detection
  bool is_volatile = false;               // as above; nydus-snapshotter puts it on a view, too
  // nydus_overlayfs_path; empty: kDefaultHelper, the only name that Kata's Rust runtime knows.
  std::string helper;
};
Result<Mount> BuildRemoteMount(const RemoteMountInput& input);

// The RAFS image for Kata's nydusd: enable_nydus_overlayfs, or daemon_mode = "none".
struct RafsInstance {
  std::string bootstrap;   // path of the bootstrap
  std::string config;      // nydusd's configuration, passed on byte for byte; may hold credentials
  std::string fs_version;  // "v5" or "v6"
};
Result<Mount> BuildRemoteMountWithExtraOption(const RemoteMountInput& input,
                                              const RafsInstance& rafs);

// The volumes of an image for Kata: enable_kata_volume. Without volumes it is BuildRemoteMount().
// Each volume must be one that nydus-snapshotter accepts.
Result<Mount> BuildRemoteMountWithKataVolumes(const RemoteMountInput& input,
                                              const std::vector<KataVolume>& volumes);

// A snapshot that the proxy driver knows nothing of, such as the pause image's: mountProxy.
struct ProxyMountInput {
  Snapshot snapshot;           // no kind is refused; an active one gets its own directories
  std::string snapshots_root;  // the lower directory where there are no parents
  std::string helper;          // as above
};
Result<Mount> BuildProxyMount(const ProxyMountInput& input);

}  // namespace nydus
