// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/deadline.h"
#include "base/interruption.h"
#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/configuration/configuration.h"
#include "ctl/sandbox_output.h"
#include "ctl/sandbox_target.h"
#include "ctl/standard_output.h"
#include "ctl/verbs.h"
#include "kata/failure_list.h"
#include "kata/sandbox.h"
#include "mount_helper/diagnosis.h"

DEFINE_string(
    layout, "",
    "LAYOUT: go or rs: the share as Kata's runtime in Go or in Rust makes it; go if nothing "
    "else is configured");
DEFINE_string(
    vhost_sock, "",
    "PATH: the socket to which the VMM connects, instead of one that `sandbox show` says");
DEFINE_string(bind, "",
              "PATHS: separated by commas: what all containers see read-only in sandbox-mounts");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Prepares what a guest and its containers share, and starts the nydusd that serves it; then\n"
    "shows both. Words behind -- are arguments for nydusd. With --apisock a nydusd that runs "
    "already\n"
    "is taken. Where the sandbox exists already and is the same, nothing is done.\n";

constexpr std::array<std::string_view, 9> kFlags = {
    "layout", "nydusd", "vhost_sock", "apisock", "bind", "debug", "rootless_dir", "json", "color"};

// Ten seconds for nydusd to start, the rest for its first mount.
constexpr std::chrono::seconds kCreationTime{40};

bool IsLayout(const char*, const std::string& value) {
  return value.empty() || ParseShareLayout(value).has_value();
}
DEFINE_validator(layout, &IsLayout);

// nydusd's own arguments would have no effect on one that runs already.
Result<> CheckFlags(const Operands& arguments) {
  const bool starts_one =
      !arguments.empty() || !FLAGS_nydusd.empty() || !FLAGS_vhost_sock.empty() || FLAGS_debug;
  if (FLAGS_apisock.empty() || !starts_one) return {};
  return Fail(ErrorKind::kUsage,
              "--apisock names a nydusd that runs already: --nydusd, --vhost-sock, --debug and "
              "arguments for nydusd have no effect on it");
}

// A sandbox that this call made, and of which nobody was told, is taken down again. One around a
// nydusd that ran already stays: that nydusd serves no other one in its life.
Result<> TellOrDelete(const KataDirectories& directories, const CreatedSandbox& created) {
  const std::string& id = created.record.id;
  Result<> told = WriteOutputOfMade(RenderSandboxes(directories, {{id, created.record}}));
  if (told) return told;
  if (!created.is_new || !created.record.own_nydusd) {
    told.error().hint =
        StrCat("the sandbox is there; nydus-overlayctl sandbox show ", id, " shows it");
    return told;
  }
  const Uninterrupted to_the_end;
  const Result<bool> deleted = DeleteSandbox(directories, id, After(kUndoTime));
  return WithUndoFailure(std::move(told.error()), deleted ? Result<>() : Failure(deleted.error()),
                         "nydus-overlayctl sandbox delete takes down the rest");
}

Result<VerbOutcome> Run(const Operands& operands) {
  const bool one_sandbox =
      !operands.empty() &&
      std::ranges::all_of(operands.begin() + 1, operands.end(),
                          [](const std::string& argument) { return argument.starts_with('-'); });
  if (!one_sandbox) {
    return Fail(ErrorKind::kUsage, "sandbox create wants one sandbox",
                "arguments for nydusd stand behind -- and begin with a dash");
  }
  Operands arguments(operands.begin() + 1, operands.end());
  if (Result<> flags = CheckFlags(arguments); !flags) return Failure(std::move(flags.error()));
  const Result<Configuration> configuration = ReadConfiguration();
  if (!configuration) return Failure(configuration.error());

  SandboxRequest request{.id = operands.front(),
                         .binds = SplitListFlag(FLAGS_bind),
                         .api_socket = FLAGS_apisock,
                         .vhost_socket = FLAGS_vhost_sock,
                         .nydusd_arguments = std::move(arguments),
                         .debug = FLAGS_debug};
  const auto layout = ParseShareLayout(FLAGS_layout.empty() ? configuration->layout : FLAGS_layout);
  if (layout) request.layout = *layout;
  if (FLAGS_apisock.empty()) {
    request.nydusd = FLAGS_nydusd.empty() ? configuration->nydusd_path : FLAGS_nydusd;
  }

  HoldEndingSignals();
  const KataDirectories directories = DirectoriesOfFlags();
  Result<CreatedSandbox> sandbox = CreateSandbox(directories, request, After(kCreationTime));
  if (!sandbox) return Failure(DiagnosePermission(std::move(sandbox.error())));
  if (Result<> told = TellOrDelete(directories, *sandbox); !told) {
    return Failure(std::move(told.error()));
  }
  return VerbOutcome{};
}

}  // namespace

Verb SandboxCreateVerb() {
  return {.name = "sandbox create",
          .operands = "SANDBOX [-- NYDUSD_ARGUMENT...]",
          .summary = "prepare a guest's share and start its nydusd",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
