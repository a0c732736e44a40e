// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

// What kind of image a file holds, told from its first and last bytes. Formats: nydus,
// rafs/src/metadata/layout/{v5,v6}.rs and storage/src/meta/toc.rs; Linux, fs/erofs/erofs_fs.h.
namespace nydus {

enum class RafsKind {
  kNotAnImage,
  kRafsV5,        // a bootstrap of RAFS v5
  kRafsV6,        // a bootstrap of RAFS v6, which is an EROFS image with marks of its own
  kErofs,         // an EROFS image without those marks
  kBlobWithTail,  // a data blob of Nydus with its bootstrap inside, found from the blob's end
};

// "RAFS v5", "RAFS v6", "EROFS", "Nydus blob with its bootstrap inside", "not an image".
std::string_view RafsKindName(RafsKind kind);

// Everything but `kind` is what the file claims; nothing was checked against the file's length.
struct RafsDetection {
  RafsKind kind = RafsKind::kNotAnImage;
  // Why it is no image, or the first field that keeps nydusd from using it; empty if it looks good.
  std::string flaw;
  std::uint32_t block_size = 0;  // bytes, RAFS v6 and EROFS; 0 if the field makes no sense
  std::uint32_t chunk_size = 0;  // bytes, RAFS
  std::string_view compressor;   // "none", "lz4_block", "gzip" or "zstd"; empty where unknown
  std::string_view digester;     // "blake3" or "sha256"; empty where unknown
  bool tarfs = false;            // the data is an uncompressed tar archive
  std::uint32_t blobs = 0;       // data blobs (RAFS), other devices (EROFS)
  std::string_view tail;         // kBlobWithTail: "rafs.blob.toc" or "image.boot"

  bool operator==(const RafsDetection&) const = default;
};

// How much of a file's start and of its end is looked at, in bytes.
inline constexpr std::size_t kRafsHeadBytes = 4096;
inline constexpr std::size_t kRafsTailBytes = 512;

// `head` is the start of the file, `tail` its last kRafsTailBytes; both may be shorter. What the
// head says goes before what the tail says.
RafsDetection DetectRafs(std::string_view head, std::string_view tail);

// The same for an open regular file or block device; leaves its position alone.
Result<RafsDetection> DetectRafs(int fd);

// The first kRafsHeadBytes of an open file, or all of a shorter one.
Result<std::string> ReadRafsHead(int fd);

// "v5" or "v6" for a bootstrap that begins with `head`: DetectFsVersion of nydus-snapshotter
// (pkg/layout/layout.go), which takes any EROFS image for v6.
Result<std::string_view> DetectFsVersion(std::string_view head);

}  // namespace nydus
