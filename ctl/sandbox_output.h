// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "kata/sandbox_paths.h"
#include "kata/sandbox_record.h"

namespace nydus {

// The sandboxes for people, or with --json as packaging/schema/sandbox.schema.json has them. Asks
// the nydusd of each for its state and waits a moment for the answer.
struct ShownSandbox {
  std::string id;
  Result<SandboxRecord> record;  // or why it cannot be told
};
std::string RenderSandboxes(const KataDirectories& directories,
                            const std::vector<ShownSandbox>& sandboxes);

}  // namespace nydus
