// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "snapshot/verity/image_files.h"
#include "snapshot/verity/layout.h"
#include "snapshot/verity/level_hashing.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

struct FormattedImage {
  VerityParameters parameters;  // with what was left open filled in
  VerityLayout layout;
  std::string root_hash;  // raw bytes
};

// Writes the hash tree of an image, and a superblock if `parameters` has a uuid: the same bytes as
// veritysetup 2.6. Left open may be: data_blocks (0: all of the image, which must then be whole
// blocks and not end with such a tree that has a superblock), and in a file with the data
// hash_offset (0: at the first hash block behind the data). A hash file of its own that exists may
// be replaced, once all is written; a tree is never written into the data or over something else
// (TreeOutput). Errors: kUsage when the parameters do not fit the files, kSystem.
Result<FormattedImage> FormatImage(const VerityPaths& paths, const VerityParameters& parameters,
                                   const VerityControl& control);

}  // namespace nydus
