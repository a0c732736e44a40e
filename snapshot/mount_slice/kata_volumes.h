// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "snapshot/mount_slice/labels.h"
#include "snapshot/payload/kata_volume.h"

// The Kata volumes that nydus-snapshotter v0.16.1 makes of labels (snapshot/mount_option.go).
namespace nydus {

// What nydus-snapshotter keeps of the labels of an image's top layer when it sets up the image
// (Filesystem.Mount of pkg/filesystem/fs.go): of a tarfs its three labels; else, of a layer in
// proxy mode, that and the layer's digest.
Labels RafsAnnotations(const Labels& top_layer);

// What the guest needs to pull the image: mountWithProxyVolume. The options are the annotations as
// KEY=VALUE, sorted by key; nydus-snapshotter has them in Go's random order. Annotations may hold
// credentials.
KataVolume GuestPullVolume(const Labels& annotations);

struct KataVolumesInput {
  Labels annotations;           // of the image, as RafsAnnotations() gives them
  std::vector<Labels> layers;   // of each layer's snapshot, top layer first, for label::kLayerBlock
  std::string cache_directory;  // where tarfs disks are exported to
};

// The volumes for Kata in the order of their options: mountWithKataVolume.
// - label::kNydusProxyMode among the annotations: guest pull
// - label::kTarfsLayer: one volume of the whole image (label::kImageBlock), else one volume a
// layer,
//   top layer first (label::kLayerBlock), else none
// Errors begin with the field.
Result<std::vector<KataVolume>> KataVolumesFor(const KataVolumesInput& input);

}  // namespace nydus
