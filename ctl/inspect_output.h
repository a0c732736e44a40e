// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/diagnose/inspect/inspection.h"
#include "snapshot/rafs/rafs_detection.h"

namespace nydus {

// What inspect found in its input.
struct InspectionResult {
  std::vector<Inspection> mounts;
  bool cut = false;                    // there were more mounts in the text
  std::optional<RafsDetection> image;  // the input was an image; then there are no mounts
};

// For people: each mount on one screen. Long lists are shortened.
std::string InspectionText(const InspectionResult& result, bool colour);

// For programs: packaging/schema/inspect.schema.json. Nothing is shortened.
std::string InspectionJson(const InspectionResult& result);

}  // namespace nydus
