// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.h"
#include "base/error.h"
#include "fuse/nydusd/nydusd_client.h"
#include "kata/sandbox_record.h"

namespace nydus {

// That one of --apisock and --sandbox is given; kUsage.
Result<> CheckOneNydusd();

// The sandbox that --sandbox names, if its record holds here.
Result<SandboxRecord> SandboxOfFlags();

// The daemon that --apisock or --sandbox names: exactly one of the two must be given. Another one
// at the socket of a sandbox's is kMount.
Result<NydusdClient> NydusdOfFlags();

// `error` of that daemon, with what to do if there is none.
Error ExplainNoDaemon(Error error);

// When --timeout is over.
Deadline DeadlineOfFlags();

}  // namespace nydus
