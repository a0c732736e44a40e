// SPDX-License-Identifier: Apache-2.0
#include "ctl/nydusd_target.h"

#include <chrono>
#include <utility>

#include <gflags/gflags.h>

#include "ctl/common_flags.h"
#include "ctl/sandbox_target.h"
#include "kata/sandbox.h"
#include "mount_helper/diagnosis.h"

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
  if (FLAGS_apisock.empty() == FLAGS_sandbox.empty()) {
    return Fail(ErrorKind::kUsage, "one of --apisock and --sandbox must say which nydusd");
  }
  if (!FLAGS_apisock.empty()) return NydusdClient(FLAGS_apisock);
  Result<SandboxRecord> sandbox =
      ReadSandbox(DirectoriesOfFlags(), FLAGS_sandbox, DeadlineOfFlags());
  if (!sandbox) return Failure(DiagnosePermission(std::move(sandbox.error())));
  return NydusdClient(std::move(sandbox->api_socket));
}

Deadline DeadlineOfFlags() {
  return After(std::chrono::seconds(FLAGS_timeout));
}

}  // namespace nydus
