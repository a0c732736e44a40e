// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "base/unique_fd.h"
#include "snapshot/rafs/rafs_detection.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

RafsDetection DetectFile(std::string_view bytes) {
  const UniqueFd file(memfd_create("image", MFD_CLOEXEC));
  const ssize_t written = write(file.get(), bytes.data(), bytes.size());
  Demand(written == static_cast<ssize_t>(bytes.size()), "the test's own file is written");
  const Result<RafsDetection> detection = DetectRafs(file.get());
  Demand(detection.has_value(), "every regular file is one kind or another");
  Demand(lseek(file.get(), 0, SEEK_CUR) == written, "the file's position is left alone");
  return *detection;
}

void CheckClaims(const RafsDetection& detection) {
  Demand(IsPrintable(detection.flaw), "a flaw is printable");
  Demand(detection.kind != RafsKind::kNotAnImage || !detection.flaw.empty(),
         "it is said why a file is no image");
  Demand(
      detection.block_size == 0 || (std::has_single_bit(detection.block_size) &&
                                    detection.block_size >= 512 && detection.block_size <= 65536),
      "a block size makes sense");
  Demand((detection.kind == RafsKind::kBlobWithTail) == !detection.tail.empty(),
         "a blob, and nothing else, has a tail");
}

// nydus-snapshotter wants a whole extended super block even of a plain EROFS image.
void CheckFsVersion(const RafsDetection& detection, std::string_view head) {
  const Result<std::string_view> version = DetectFsVersion(head);
  if (!version) {
    Demand(detection.kind != RafsKind::kRafsV5, "what is RAFS v5 to us is so to nydus-snapshotter");
    return DemandDiscreet(version.error());
  }
  const bool is_erofs = detection.kind == RafsKind::kRafsV6 || detection.kind == RafsKind::kErofs;
  Demand(*version == "v5" ? detection.kind == RafsKind::kRafsV5 : is_erofs,
         "nydus-snapshotter's version is that of our kind");
}

}  // namespace

void FuzzOne(std::string_view input) {
  const std::string_view head = input.substr(0, kRafsHeadBytes);
  const std::string_view tail = input.substr(input.size() - std::min(input.size(), kRafsTailBytes));
  const RafsDetection detection = DetectRafs(head, tail);
  CheckClaims(detection);
  CheckFsVersion(detection, head);
  Demand(DetectFile(input) == detection, "a file is what its first and last bytes are");
}

}  // namespace nydus
