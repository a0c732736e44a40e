// SPDX-License-Identifier: Apache-2.0
#include "kata/process_json.h"

#include <limits>

#include <cstdint>

#include <nlohmann/json.hpp>

#include "kata/member_reader.h"

namespace nydus {

nlohmann::ordered_json ProcessToJson(const ProcessIdentity& process) {
  return {{"pid", process.pid}, {"start_time", process.start_time}, {"boot_id", process.boot_id}};
}

Result<> ReadProcess(ProcessIdentity& process, const JsonValue& value) {
  MemberReader members(value);
  const std::uint64_t pid = members.Unsigned("pid");
  process.start_time = members.Unsigned("start_time");
  process.boot_id = members.String("boot_id");
  // Process 1 and 0, which means a group to kill(2), are never a nydusd.
  if (pid < 2 || pid > std::numeric_limits<pid_t>::max()) members.Refuse("pid", "is no process ID");
  process.pid = static_cast<pid_t>(pid);
  return members.Finish();
}

}  // namespace nydus
