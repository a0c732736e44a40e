// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "snapshot/mount_slice/kata_volumes.h"
#include "snapshot/mount_slice/labels.h"
#include "snapshot/mount_slice/mount_slice.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

// A slice to make, as one value: what nydus-snapshotter knows when it answers.
struct SliceDescription {
  struct Rafs {
    std::string directory;
    std::vector<std::string> layers_above;
    std::optional<RafsInstance> extra_option;
    std::optional<KataVolumesInput> kata_volumes;
  };
  struct Proxy {
    std::string snapshots_root;
  };

  Snapshot snapshot;
  Labels labels;             // of the snapshot: volatile and ID mappings are read from them
  bool is_volatile = false;  // enable_overlayfs_volatile
  std::string helper;
  // One of them at most; a plain image without.
  std::optional<Rafs> rafs;
  std::optional<Proxy> proxy;
};

// From a JSON object (all but "directory" may be left out):
//
//   {"kind": "active" | "view" | "committed", "directory": DIR, "parents": [DIR...],
//    "labels": {...}, "volatile": BOOL, "helper": NAME,
//    "rafs": {"directory": DIR, "layers_above": [DIR...],
//             "extra_option": {"bootstrap": FILE, "config": TEXT, "fs_version": "v5" | "v6"},
//             "kata_volumes": {"layers": [LABELS...], "cache_directory": DIR}},
//    "proxy": {"snapshots_root": DIR}}
//
// The members have the meaning of the fields in mount_slice.h and kata_volumes.h; the annotations
// are RafsAnnotations() of the first layer's labels. Unknown and duplicate keys, null, and members
// that exclude each other are errors. An absent fs_version stays empty.
Result<SliceDescription> ReadSliceDescription(const JsonValue& value);

// The slice. Errors begin with the field.
Result<Mount> BuildMount(const SliceDescription& description);

}  // namespace nydus
