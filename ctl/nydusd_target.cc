// SPDX-License-Identifier: Apache-2.0
#include "ctl/nydusd_target.h"

#include <chrono>
#include <utility>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/sandbox_target.h"
#include "kata/sandbox.h"
#include "kata/sandbox_nydusd.h"
#include "kata/sandbox_teardown.h"
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

Result<> CheckOneNydusd() {
  if (!FLAGS_apisock.empty() && !FLAGS_sandbox.empty()) {
    return Fail(ErrorKind::kUsage, "--apisock or --sandbox says which nydusd, not both");
  }
  if (!FLAGS_apisock.empty() || !FLAGS_sandbox.empty()) return {};
  return Fail(ErrorKind::kUsage, "--apisock or --sandbox must say which nydusd");
}

Result<SandboxRecord> SandboxOfFlags() {
  Result<SandboxRecord> sandbox =
      ReadSandbox(DirectoriesOfFlags(), FLAGS_sandbox, DeadlineOfFlags());
  if (!sandbox) return Failure(DiagnosePermission(std::move(sandbox.error())));
  if (Result<> here = CheckNamespaces(*sandbox); !here) return Failure(std::move(here.error()));
  return sandbox;
}

Result<NydusdClient> NydusdOfFlags() {
  if (Result<> one = CheckOneNydusd(); !one) return Failure(std::move(one.error()));
  if (!FLAGS_apisock.empty()) return NydusdClient(FLAGS_apisock);
  Result<SandboxRecord> sandbox = SandboxOfFlags();
  if (!sandbox) return Failure(std::move(sandbox.error()));
  if (Result<> known = CheckAddressee(*sandbox, DeadlineOfFlags()); !known) {
    return Failure(std::move(known.error()));
  }
  return NydusdClient(std::move(sandbox->api_socket));
}

Error ExplainNoDaemon(Error error) {
  if (!IsNoDaemon(error) || !error.hint.empty()) return error;
  error.hint = FLAGS_sandbox.empty() ? "nydus-overlayctl nydusd start starts one"
                                     : StrCat("nydus-overlayctl sandbox delete and sandbox create ",
                                              FLAGS_sandbox, " give it a new one");
  return error;
}

Deadline DeadlineOfFlags() {
  return After(std::chrono::seconds(FLAGS_timeout));
}

}  // namespace nydus
