// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include <gflags/gflags_declare.h>

#include "base/error.h"
#include "snapshot/verity/image_files.h"
#include "snapshot/verity/parameters.h"

// The flags that several of the verity verbs take. They bear veritysetup's names.
DECLARE_bool(no_superblock);
DECLARE_string(uuid);
DECLARE_uint64(hash_offset);

namespace nydus {

// IMAGE [HASH_FILE], one or two of them. An empty one, as an unset variable of a shell leaves it,
// is an error: without a hash file the tree goes into the image.
Result<VerityPaths> PathsOfOperands(std::span<const std::string> operands);

// What --format, --hash, --salt, --data-block-size, --hash-block-size, --data-blocks and
// --hash-offset say; no superblock. Errors name the flag.
Result<VerityParameters> ParametersOfFlags();

// An error if one of them, besides --hash-offset, was given and differs from the superblock.
Result<> CheckFlagsAgreeWith(const VerityParameters& superblock);

}  // namespace nydus
