// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "ctl/verb.h"
#include "fuse/nydusd/nydusd_process.h"

namespace nydus {

// Stays with a daemon that was started as one that ends with us, until it ends or a signal asks us
// to: then the daemon is stopped. If it ends of itself, says so on standard error, with the end of
// its log, and the status is kFindings. Its sockets are gone in either case.
// Wants HoldEndingSignals().
Result<ExitStatus> WatchNydusd(const StartedNydusd& nydusd, const NydusdSettings& settings);

}  // namespace nydus
