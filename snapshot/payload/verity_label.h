// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "snapshot/payload/dm_verity.h"

// `BLOCKS,OFFSET,sha256:HEX`, the dm-verity block of a tarfs disk as `nydus-image export --verity`
// prints it and as nydus-snapshotter keeps it in the labels
// containerd.io/snapshot/nydus-{image,layer}-block. OFFSET, in bytes, is where the hash tree
// starts.
namespace nydus {

// The block sizes that a label stands for, in bytes.
inline constexpr std::uint64_t kLabelDataBlockSize = 512;
inline constexpr std::uint64_t kLabelHashBlockSize = 4096;

// Accepts exactly what the snapshotter's parseTarfsDmVerityInfo does, which is lax because it reads
// with Go's fmt.Sscanf: blanks before a number and before HEX are passed over, and so is whatever
// follows HEX and a blank. The result is valid in the sense of ValidateDmVerity().
Result<DmVerity> ParseVerityLabel(std::string_view label);

// An error if `verity` is not valid or says what a label cannot: another hash algorithm, other
// block sizes, another hash type, a salt. Labels do not tell whether there is a superblock.
Result<std::string> FormatVerityLabel(const DmVerity& verity);

}  // namespace nydus
