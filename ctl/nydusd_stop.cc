// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/nydusd_target.h"
#include "ctl/verbs.h"
#include "fuse/nydusd/nydusd_process.h"

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Stops the nydusd that listens on --apisock: SIGTERM, after five seconds SIGKILL, and its\n"
    "sockets are removed. It must be root's or the caller's, and have been started with that\n"
    "--apisock; what else listens there is left alone. With --sandbox, stops the one that\n"
    "`sandbox create` started: what the sandbox's containers share with the guest is not served\n"
    "any more, and only `sandbox delete` makes sense then.\n";

constexpr std::string_view kFlags[] = {"apisock", "sandbox", "rootless_dir", "timeout"};

Result<> StopBySocket(const std::string& api_socket) {
  const Result<FoundNydusd> found = FindNydusd(api_socket, DeadlineOfFlags());
  if (!found) return Failure(ExplainNoDaemon(found.error()));
  return StopNydusd(found->process, found->vhost_socket, api_socket);
}

Result<> StopOfSandbox() {
  const Result<SandboxRecord> sandbox = SandboxOfFlags();
  if (!sandbox) return Failure(sandbox.error());
  if (!sandbox->own_nydusd) {
    return Fail(ErrorKind::kUsage,
                StrCat("the nydusd of sandbox ", Quote(sandbox->id), " was not started for it"),
                StrCat("--apisock=", Quote(sandbox->api_socket), " stops it"));
  }
  if (!sandbox->nydusd) return {};
  return StopNydusd(*sandbox->nydusd, sandbox->vhost_socket, sandbox->api_socket);
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (!operands.empty()) return Fail(ErrorKind::kUsage, "nydusd stop wants no operand");
  if (Result<> one = CheckOneNydusd(); !one) return Failure(std::move(one.error()));
  Result<> stopped = FLAGS_apisock.empty() ? StopOfSandbox() : StopBySocket(FLAGS_apisock);
  if (!stopped) return Failure(std::move(stopped.error()));
  return VerbOutcome{};
}

}  // namespace

Verb NydusdStopVerb() {
  return {.name = "nydusd stop",
          .operands = "",
          .summary = "stop a nydusd",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
