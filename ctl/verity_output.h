// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ctl/text_output.h"
#include "snapshot/verity/layout.h"
#include "snapshot/verity/parameters.h"

namespace nydus {

// The version of the schemas of the verity verbs.
inline constexpr int kVeritySchemaVersion = 1;

// A tree's format and where it lies, as rows of a table and as members of a JSON object.
std::vector<std::vector<Cell>> VerityRows(const VerityParameters& parameters,
                                          const VerityLayout& layout);
nlohmann::ordered_json VerityJson(const VerityParameters& parameters, const VerityLayout& layout);

}  // namespace nydus
