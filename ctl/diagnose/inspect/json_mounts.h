// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "ctl/diagnose/inspect/mount_text.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

// What a JSON text says of mounts.
struct JsonMounts {
  std::vector<MountText> mounts;
  std::vector<std::string_view> texts;  // strings, in `value`, that may describe further mounts
};

// Objects with type (or fstype), source, target (or destination) and options in any case, as
// containerd, OCI and findmnt(8) write mounts; lists that are a command line ("argv"); anywhere
// within `value`.
JsonMounts FindJsonMounts(const JsonValue& value);

// True for an object that is a payload itself.
bool IsPayload(const JsonValue& value);

// The payloads that stand as JSON between other words, as in logs of nydus-snapshotter. Looks at
// kMaxObjects braces.
inline constexpr int kMaxObjects = 64;
std::vector<std::string_view> FindPayloads(std::string_view text);

}  // namespace nydus
