// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "snapshot/mount_slice/labels.h"

namespace nydus {

// One range of user and group IDs of a container and where it lies on the host.
struct IdMapping {
  std::uint32_t internal = 0;
  std::uint32_t external = 0;
  std::uint32_t size = 0;  // not 0; neither range reaches beyond 2^32-1

  bool operator==(const IdMapping&) const = default;
};

// The labels kUidMapping and kGidMapping, "INTERNAL:EXTERNAL:SIZE" each; nothing if both are absent
// or empty. Both must be there and be the same text: ParseIDMapping of nydus-snapshotter
// (pkg/label/label.go), whose other white space than ASCII's is not skipped here.
Result<std::optional<IdMapping>> ReadIdMapping(const Labels& labels);

}  // namespace nydus
