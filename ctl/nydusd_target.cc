// SPDX-License-Identifier: Apache-2.0
#include "ctl/nydusd_target.h"

#include <chrono>

#include <gflags/gflags.h>

#include "ctl/common_flags.h"

// Kata's time for one request (nydusd.go, defaultHttpClientTimeoutSecs).
DEFINE_uint32(timeout, 30, "SECONDS: how long to wait for nydusd, from 1 to 3600");

namespace nydus {

namespace {

bool IsTimeout(const char*, gflags::uint32 value) {
  return value >= 1 && value <= 3600;
}

}  // namespace

DEFINE_validator(timeout, &IsTimeout);

Result<NydusdClient> NydusdOfFlags() {
  if (FLAGS_apisock.empty()) {
    return Fail(ErrorKind::kUsage, "--apisock is missing", "it names nydusd's API socket");
  }
  return NydusdClient(FLAGS_apisock);
}

Deadline DeadlineOfFlags() {
  return After(std::chrono::seconds(FLAGS_timeout));
}

}  // namespace nydus
