// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "mount_helper/mount_request.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"
#include "snapshot/payload/payload_policy.h"

namespace nydus {

// One word; "ignore" lets mounts with a broken payload through. For nodes that must be rescued:
// containerd's callers cannot add an option.
inline constexpr char kPayloadPolicyFile[] = "/etc/nydus-overlayfs/payload-policy";

// What the payloads of one mount say.
struct DecodedPayloads {
  std::optional<ExtraOption> extra_option;  // of several the last
  std::vector<KataVolume> volumes;          // in their order
};

// Decodes and judges every payload. Errors say which is bad; `policy` is not kIgnore.
Result<DecodedPayloads> DecodePayloads(const std::vector<Payload>& payloads, PayloadPolicy policy);

// Decodes and judges every payload by the request's policy, or the compatible one. The rescue file
// is read only after a payload has failed, and not if the request names a policy. `notes` says
// when it let a payload through.
Result<> CheckPayloads(const MountRequest& request, std::vector<std::string>& notes);

}  // namespace nydus
