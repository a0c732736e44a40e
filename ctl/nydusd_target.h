// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.h"
#include "base/error.h"
#include "fuse/nydusd/nydusd_client.h"

namespace nydus {

// The daemon that --apisock or --sandbox names: exactly one of the two must be given.
Result<NydusdClient> NydusdOfFlags();

// When --timeout is over.
Deadline DeadlineOfFlags();

}  // namespace nydus
