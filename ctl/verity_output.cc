// SPDX-License-Identifier: Apache-2.0
#include "ctl/verity_output.h"

#include <cstddef>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace nydus {

namespace {

std::string SaltText(const VerityParameters& parameters) {
  return parameters.salt.empty() ? "none" : ToHex(parameters.salt);
}

std::string BlocksText(std::uint64_t blocks, std::uint64_t block_size) {
  return StrCat(blocks, blocks == 1 ? " block of " : " blocks of ", block_size, " bytes");
}

std::uint64_t HashBlocks(const VerityParameters& parameters, const VerityLayout& layout) {
  return (layout.tree_end - layout.tree_begin) / parameters.hash_block_size;
}

}  // namespace

std::vector<std::vector<Cell>> VerityRows(const VerityParameters& parameters,
                                          const VerityLayout& layout) {
  std::vector<std::vector<Cell>> rows = {
      {{"data"}, {BlocksText(parameters.data_blocks, parameters.data_block_size)}},
      {{"hash tree"},
       {StrCat(BlocksText(HashBlocks(parameters, layout), parameters.hash_block_size), " in ",
               layout.levels.size(), layout.levels.size() == 1 ? " level" : " levels", ", from ",
               layout.tree_begin, " to ", layout.tree_end)}},
      {{"algorithm"}, {std::string(HashAlgorithmName(parameters.algorithm))}},
      {{"hash type"}, {StrCat(parameters.hash_type)}},
      {{"salt"}, {SaltText(parameters)}},
  };
  if (parameters.uuid) {
    rows.push_back({{"superblock"}, {StrCat("at ", parameters.hash_offset)}});
    rows.push_back({{"uuid"}, {UuidText(*parameters.uuid)}});
  } else {
    rows.push_back({{"superblock"}, {"none"}});
  }
  return rows;
}

nlohmann::ordered_json VerityJson(const VerityParameters& parameters, const VerityLayout& layout) {
  nlohmann::ordered_json levels = nlohmann::ordered_json::array();
  for (std::size_t i = layout.levels.size(); i-- > 0;) {
    levels.push_back({{"level", i + 1},
                      {"offset", layout.levels[i].offset},
                      {"blocks", layout.levels[i].blocks}});
  }
  nlohmann::ordered_json json = {
      {"hash_type", parameters.hash_type},
      {"hash_algorithm", HashAlgorithmName(parameters.algorithm)},
      {"salt", ToHex(parameters.salt)},
      {"data_blocks", parameters.data_blocks},
      {"data_block_size", parameters.data_block_size},
      {"hash_block_size", parameters.hash_block_size},
      {"hash_offset", parameters.hash_offset},
      {"superblock", parameters.uuid.has_value()},
      {"uuid", parameters.uuid ? nlohmann::ordered_json(UuidText(*parameters.uuid)) : nullptr},
      {"tree_begin", layout.tree_begin},
      {"tree_end", layout.tree_end},
      {"levels", levels},
  };
  return json;
}

}  // namespace nydus
