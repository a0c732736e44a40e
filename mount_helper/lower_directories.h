// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

// Overlay's notation for directories, as its mount data has it (Linux: fs/overlayfs/params.c):
// layers are separated by colons, data-only ones preceded by two; a backslash takes the special
// meaning from the byte behind it.
namespace nydus {

// The most layers that the kernel stacks (OVL_MAX_STACK).
inline constexpr std::size_t kMaxLayers = 500;

struct Layer {
  std::string path;        // without escapes
  bool data_only = false;  // reached through redirects only

  bool operator==(const Layer&) const = default;
};

// The value of `lowerdir=`, top layer first. Refuses empty layers, more than kMaxLayers, a layer
// below a data-only one, and descriptors by name (/proc/self/fd/N, /dev/fd/N), which mountinfo
// would record for ever.
Result<std::vector<Layer>> ParseLowerDirectories(std::string_view value);

// `lowerdir=` for these layers.
std::string FormatLowerDirectories(const std::vector<Layer>& layers);

// The deepest directory that lies strictly above every layer; empty unless all are absolute.
std::string CommonParent(const std::vector<Layer>& layers);

// `path` as seen from `directory`; unchanged if it is not below it.
std::string_view RelativeTo(std::string_view path, std::string_view directory);

bool NamesDescriptor(std::string_view path);

}  // namespace nydus
