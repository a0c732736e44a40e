// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "ctl/verb.h"
#include "snapshot/payload/json_reading.h"
#include "snapshot/payload/kata_volume.h"

namespace nydus {

// The Kata volume that the file operand (standard input without one) describes in one of the ways
// that the flag --from names, decoded as `dialect` says. An unknown member of a volume or an extra
// option would be lost and is an error. The volume is not validated.
Result<KataVolume> ReadVolumeInput(const Operands& operands, JsonDialect dialect);

}  // namespace nydus
