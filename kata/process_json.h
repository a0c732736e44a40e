// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/error.h"
#include "base/process/process_identity.h"
#include "snapshot/payload/json_text.h"

// A process in a state file.
namespace nydus {

nlohmann::ordered_json ProcessToJson(const ProcessIdentity& process);

// kSystem, naming the member, for anything else.
Result<> ReadProcess(ProcessIdentity& process, const JsonValue& value);

}  // namespace nydus
