// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/image_files.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

Failure BadFile(const BlockFile& file, const std::string& why) {
  return Fail(ErrorKind::kUsage, StrCat(Escape(file.path()), ": ", why));
}

}  // namespace

Result<ImageFiles> ImageFiles::Open(const VerityPaths& paths) {
  ImageFiles files;
  Result<BlockFile> data = BlockFile::Open(paths.data, FileAccess::kRead);
  if (!data) return Failure(std::move(data.error()));
  files.data_ = std::move(*data);
  if (paths.hashes.empty()) return files;
  Result<BlockFile> hashes = BlockFile::Open(paths.hashes, FileAccess::kRead);
  if (!hashes) return Failure(std::move(hashes.error()));
  if (!hashes->IsSameAs(files.data_)) files.hashes_ = std::move(*hashes);
  return files;
}

Result<> CheckDataArea(const BlockFile& data, const VerityParameters& parameters,
                       const VerityLayout& layout) {
  if (data.size() >= layout.data_end) return {};
  return BadFile(data,
                 StrCat("data blocks: ", parameters.data_blocks, " of ", parameters.data_block_size,
                        " bytes end at ", layout.data_end, ", the file at ", data.size()));
}

Result<> ImageFiles::CheckAreas(const VerityParameters& parameters,
                                const VerityLayout& layout) const {
  if (are_one_file()) {
    if (Result<> apart = CheckAreasApart(parameters, layout); !apart) {
      return Failure(Wrap(std::move(apart.error()), Escape(data_.path())));
    }
  }
  if (Result<> inside = CheckDataArea(data_, parameters, layout); !inside) return inside;
  if (hashes().size() >= layout.tree_end) return {};
  if (parameters.hash_offset >= hashes().size() && !layout.levels.empty()) {
    return BadFile(hashes(), StrCat("hash offset: ", parameters.hash_offset,
                                    " is not inside the file, which ends at ", hashes().size()));
  }
  // A single data block has no tree: nothing of the area's alignment needs to exist.
  if (layout.levels.empty()) return {};
  return BadFile(hashes(),
                 StrCat("hash tree: ends at ", layout.tree_end, ", the file at ", hashes().size()));
}

Result<Superblock> ReadSuperblock(const std::string& path, std::uint64_t offset) {
  Result<BlockFile> file = BlockFile::Open(path, FileAccess::kRead);
  if (!file) return Failure(std::move(file.error()));
  const std::string where = Escape(path);
  if (offset % kSectorBytes != 0) {
    return Fail(ErrorKind::kUsage,
                StrCat(where, ": hash offset: ", offset, " is no multiple of ", kSectorBytes));
  }
  if (offset >= file->size() || file->size() - offset < kSuperblockBytes) {
    return Fail(ErrorKind::kUsage, StrCat(where, ": hash offset: no superblock fits between ",
                                          offset, " and the end of the file at ", file->size()));
  }
  std::array<char, kSuperblockBytes> bytes;
  if (auto read = file->Read(offset, bytes.data(), bytes.size()); !read) {
    return Failure(Wrap(std::move(read.error().error), StrCat(where, ": superblock")));
  }
  Result<Superblock> superblock =
      ParseSuperblock(std::string_view(bytes.data(), bytes.size()), offset);
  if (!superblock) return Failure(Wrap(std::move(superblock.error()), where));
  return superblock;
}

}  // namespace nydus
