// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "snapshot/rafs/rafs_detection.h"

namespace nydus {

// One line for people: "RAFS v6, zstd, blake3, blocks of 4096, 2 blobs".
std::string DescribeImage(const RafsDetection& image);

}  // namespace nydus
