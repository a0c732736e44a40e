// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

// Every name by which containerd, nydus-snapshotter and Kata know a snapshot's properties.
namespace nydus {

using Labels = std::map<std::string, std::string>;

// Labels of a snapshot: pkg/label/label.go of nydus-snapshotter. Where the value is not named, the
// label's presence alone counts.
namespace label {

inline constexpr std::string_view kNydusBlob = "containerd.io/snapshot/nydus-blob";
inline constexpr std::string_view kNydusBootstrap = "containerd.io/snapshot/nydus-bootstrap";
inline constexpr std::string_view kNydusReference = "containerd.io/snapshot/nydus-ref";
inline constexpr std::string_view kNydusIndexAlternative =
    "containerd.io/snapshot/nydus-index-alternative";
inline constexpr std::string_view kNydusSignature = "containerd.io/snapshot/nydus-signature";
inline constexpr std::string_view kNydusProxyMode = "containerd.io/snapshot/nydus-proxy-mode";
// The blob ID of a layer that is a tarfs.
inline constexpr std::string_view kTarfsLayer = "containerd.io/snapshot/nydus-tarfs";
// dm-verity of the exported disk, "BLOCKS,OFFSET,sha256:HEX", or empty without dm-verity.
inline constexpr std::string_view kImageBlock = "containerd.io/snapshot/nydus-image-block";
inline constexpr std::string_view kLayerBlock = "containerd.io/snapshot/nydus-layer-block";
inline constexpr std::string_view kTarfsHint = "containerd.io/snapshot/tarfs-hint";
inline constexpr std::string_view kStargz = "containerd.io/snapshot/stargz";
inline constexpr std::string_view kVolatile = "containerd.io/snapshot/overlay.volatile";
// Credentials for the registry.
inline constexpr std::string_view kPullSecret = "containerd.io/snapshot/pullsecret";
inline constexpr std::string_view kPullUsername = "containerd.io/snapshot/pullusername";

// containerd's own: core/snapshots/snapshotter.go and pkg/snapshotters/annotations.go.
inline constexpr std::string_view kTargetSnapshot = "containerd.io/snapshot.ref";
inline constexpr std::string_view kUidMapping = "containerd.io/snapshot/uidmapping";
inline constexpr std::string_view kGidMapping = "containerd.io/snapshot/gidmapping";
inline constexpr std::string_view kImageReference = "containerd.io/snapshot/cri.image-ref";
inline constexpr std::string_view kImageLayers = "containerd.io/snapshot/cri.image-layers";
inline constexpr std::string_view kLayerDigest = "containerd.io/snapshot/cri.layer-digest";
inline constexpr std::string_view kManifestDigest = "containerd.io/snapshot/cri.manifest-digest";

}  // namespace label

// The type of a mount that goes to the helper is "fuse." and this, nydus_overlayfs_path of the
// snapshotter's configuration, or this default.
inline constexpr std::string_view kDefaultHelper = "nydus-overlayfs";

// The source of a guest-pull volume whose image reference is not known: Kata's Rust runtime wants
// one (snapshot/mount_option.go of nydus-snapshotter).
inline constexpr std::string_view kDummyImageReference = "dummy-image-reference";

}  // namespace nydus
