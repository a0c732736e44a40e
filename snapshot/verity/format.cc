// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/format.h"

#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "snapshot/verity/tree_output.h"

namespace nydus {

namespace {

Failure BadFile(const BlockFile& file, const std::string& why, std::string hint = {}) {
  return Fail(ErrorKind::kUsage, StrCat(Escape(file.path()), ": ", why), std::move(hint));
}

// A hash file that does not exist yet is none of the data's names.
Result<bool> AreOneFile(const BlockFile& data, const VerityPaths& paths) {
  if (paths.hashes.empty()) return true;
  const Result<BlockFile> hashes = BlockFile::Open(paths.hashes, FileAccess::kRead);
  if (hashes && hashes->SharesBytesWith(data)) {
    return BadFile(*hashes, "is a loop device of the image's bytes, or the file behind the image",
                   "give one name alone, to put the tree behind the data");
  }
  if (hashes) return hashes->IsSameAs(data);
  if (hashes.error().errno_value == ENOENT) return false;
  return Failure(hashes.error());
}

// The first hash block behind the data.
std::uint64_t OffsetBehind(std::uint64_t data_end, const VerityParameters& parameters) {
  const std::uint64_t beyond = data_end % parameters.hash_block_size;
  return data_end + (beyond == 0 ? 0 : parameters.hash_block_size - beyond);
}

// Where the image and its tree would end with so many data blocks, for a count that fits a file.
Result<VerityLayout> LayoutBehindData(VerityParameters& parameters, std::uint64_t data_blocks) {
  parameters.data_blocks = data_blocks;
  parameters.hash_offset = OffsetBehind(data_blocks * parameters.data_block_size, parameters);
  return ComputeVerityLayout(parameters);
}

// Whether a file ends with a tree of these block sizes and this algorithm that has a superblock.
// Where that would lie follows from the file's size: the more data, the later ends the tree.
Result<> CheckNoTreeYet(VerityParameters parameters, const BlockFile& data) {
  parameters.uuid = VerityUuid();
  std::uint64_t fewest = 1;
  for (std::uint64_t most = data.size() / parameters.data_block_size; fewest < most;) {
    const std::uint64_t middle = fewest + ((most - fewest) / 2);
    const Result<VerityLayout> layout = LayoutBehindData(parameters, middle);
    if (layout && layout->tree_end < data.size()) {
      fewest = middle + 1;
    } else {
      most = middle;
    }
  }
  const Result<VerityLayout> layout = LayoutBehindData(parameters, fewest);
  if (!layout || layout->tree_end != data.size()) return {};
  const Result<Superblock> old = ReadSuperblock(data.path(), parameters.hash_offset);
  if (!old) return {};
  const Result<VerityLayout> tree = ComputeVerityLayout(old->parameters);
  if (!tree || tree->tree_end != data.size()) return {};
  return BadFile(data, "has a hash tree already",
                 StrCat("cut it off at ", tree->data_end, ", or say --data-blocks"));
}

// All of the image, which must have no tree of its own yet.
Result<> CountDataBlocks(VerityParameters& parameters, const BlockFile& data, bool one_file) {
  if (data.size() % parameters.data_block_size != 0) {
    return BadFile(data,
                   StrCat("data blocks: ", data.size(), " bytes are no whole blocks of ",
                          parameters.data_block_size),
                   "say how many blocks count");
  }
  parameters.data_blocks = data.size() / parameters.data_block_size;
  if (parameters.data_blocks == 0) return BadFile(data, "data blocks: there are none");
  return one_file ? CheckNoTreeYet(parameters, data) : Result<>();
}

Result<> FillIn(VerityParameters& parameters, const BlockFile& data, bool one_file) {
  if (Result<> valid = ValidateTreeFormat(parameters); !valid) return valid;
  if (parameters.data_blocks == 0) {
    if (Result<> counted = CountDataBlocks(parameters, data, one_file); !counted) return counted;
  }
  if (!one_file || parameters.hash_offset != 0) return {};
  const Result<VerityLayout> layout = ComputeVerityLayout(parameters);
  if (!layout) return Failure(layout.error());
  parameters.hash_offset = OffsetBehind(layout->data_end, parameters);
  return {};
}

// Writes the levels from the lowest to the top.
Result<> WriteLevels(const BlockFile& data, const BlockFile& hashes, const FormattedImage& image,
                     const VerityControl& control) {
  const VerityLayout& layout = image.layout;
  ProgressMeter meter(control, layout.data_end + (layout.tree_end - layout.tree_begin));
  for (std::size_t level = 0; level < layout.levels.size(); ++level) {
    const BlockRun children = LevelRun(image.parameters, layout, data, hashes, level);
    const HashLevel& parents = layout.levels[level];
    const auto make_taker = [&]() -> ParentTaker {
      return [&](std::uint64_t first, std::string_view computed) -> ChunkResult {
        const std::uint64_t offset = parents.offset + (first * image.parameters.hash_block_size);
        if (Result<> written = hashes.Write(offset, computed); !written) {
          return Failure(std::move(written.error()));
        }
        return std::nullopt;
      };
    };
    const ChunkResult hashed =
        HashBlocks(children, image.parameters, layout, make_taker, meter, control.stop);
    if (!hashed) return Failure(hashed.error());
  }
  return {};
}

}  // namespace

Result<FormattedImage> FormatImage(const VerityPaths& paths, const VerityParameters& parameters,
                                   const VerityControl& control) {
  const Result<BlockFile> data = BlockFile::Open(paths.data, FileAccess::kRead);
  if (!data) return Failure(data.error());
  const Result<bool> one_file = AreOneFile(*data, paths);
  if (!one_file) return Failure(one_file.error());

  FormattedImage image{.parameters = parameters};
  if (Result<> filled = FillIn(image.parameters, *data, *one_file); !filled) {
    return Failure(std::move(filled.error()));
  }
  Result<VerityLayout> layout = ComputeVerityLayout(image.parameters);
  if (!layout) return Failure(std::move(layout.error()));
  image.layout = std::move(*layout);
  if (Result<> inside = CheckDataArea(*data, image.parameters, image.layout); !inside) {
    return Failure(std::move(inside.error()));
  }
  if (*one_file) {
    if (Result<> apart = CheckAreasApart(image.parameters, image.layout); !apart) {
      return Failure(Wrap(std::move(apart.error()), Escape(paths.data)));
    }
  }

  Result<TreeOutput> output =
      TreeOutput::Begin(*one_file ? paths.data : paths.hashes, image.parameters, image.layout);
  if (!output) return Failure(std::move(output.error()));
  if (Result<> written = WriteLevels(*data, output->file(), image, control); !written) {
    return Failure(std::move(written.error()));
  }
  const BlockRun top =
      LevelRun(image.parameters, image.layout, *data, output->file(), image.layout.levels.size());
  Result<std::string> root_hash = HashOnlyBlock(top, image.parameters);
  if (!root_hash) return Failure(std::move(root_hash.error()));
  image.root_hash = std::move(*root_hash);
  if (Result<> finished = output->Finish(image.parameters); !finished) {
    return Failure(std::move(finished.error()));
  }
  return image;
}

}  // namespace nydus
