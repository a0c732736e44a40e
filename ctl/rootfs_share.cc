// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/deadline.h"
#include "base/identifier.h"
#include "base/interruption.h"
#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/configuration/configuration.h"
#include "ctl/input_text.h"
#include "ctl/rootfs_request.h"
#include "ctl/sandbox_target.h"
#include "ctl/standard_output.h"
#include "ctl/verbs.h"
#include "kata/rootfs.h"
#include "mount_helper/command_line.h"
#include "mount_helper/diagnosis.h"
#include "mount_helper/mount_request.h"

DEFINE_string(
    directory, "",
    "DIR: bind this directory into the share as the root file system; no options are read");
DEFINE_bool(show, false, "write the description for the guest's agent, in JSON");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Hands the root file system of a container over to a sandbox's nydusd, as a mount in mode "
    "kata\n"
    "does. FILE or standard input holds the options of that mount, as they stand behind -o: other\n"
    "users see the words of a command line, and payloads hold credentials. The settings "
    "nydus.mode,\n"
    "nydus.sandbox and nydus.container may be left out. With --directory the root file system is "
    "a\n"
    "directory of the host instead.\n"
    "\n"
    "The description for the guest's agent is kept in the sandbox's state directory as\n"
    "CONTAINER.json. --json writes it, as --show does.\n";

constexpr std::array<std::string_view, 4> kFlags = {"directory", "show", "rootless_dir", "json"};

Result<> CheckIdentifiers(const std::string& sandbox, const std::string& container) {
  for (const std::string& name : {sandbox, container}) {
    if (!IsIdentifier(name)) {
      return Fail(ErrorKind::kUsage, StrCat(Quote(name), " ", kIdentifierRule));
    }
  }
  return {};
}

// The options as the mount helper understands them. What the operands say stands in front and must
// be what the options mean too.
Result<MountRequest> ParseOptions(const std::string& sandbox, const std::string& container,
                                  std::string_view options) {
  CommandLine line;
  line.options = StrCat("nydus.mode=kata,nydus.sandbox=", sandbox, ",nydus.container=", container,
                        ",", options);
  Result<MountRequest> request = ParseMountRequest(line);
  if (!request) return request;
  const HandOverSettings& meant = request->hand_over;
  if (request->mode == MountMode::kKata && meant.sandbox == sandbox &&
      meant.container == container) {
    return request;
  }
  return Fail(ErrorKind::kUsage, "the options name another mode, sandbox or container");
}

Result<RootfsRequest> RequestOfOptions(const Operands& operands) {
  const Result<std::string> options = ReadMountOptions(operands.size() == 3 ? operands[2] : "-");
  if (!options) return Failure(options.error());
  const Result<MountRequest> request = ParseOptions(operands[0], operands[1], *options);
  if (!request) return Failure(request.error());
  const Result<Configuration> configuration = ReadConfiguration();
  if (!configuration) return Failure(configuration.error());
  return MakeRootfsRequest(*request, *configuration);
}

Result<RootfsRequest> RequestOfDirectory(const Operands& operands) {
  if (operands.size() == 3) return Fail(ErrorKind::kUsage, "--directory takes no file of options");
  const Result<Configuration> configuration = ReadConfiguration();
  if (!configuration) return Failure(configuration.error());
  return MakeDirectoryRequest(operands[0], operands[1], FLAGS_directory, *configuration);
}

Result<RootfsRequest> MakeRequest(const Operands& operands) {
  if (operands.size() != 2 && operands.size() != 3) {
    return Fail(ErrorKind::kUsage,
                "rootfs share wants a sandbox, a container and at most one file");
  }
  if (Result<> named = CheckIdentifiers(operands[0], operands[1]); !named) {
    return Failure(std::move(named.error()));
  }
  return FLAGS_directory.empty() ? RequestOfOptions(operands) : RequestOfDirectory(operands);
}

// Not undone if it cannot be told: the container's name would be spent.
Result<> Tell(const std::string& description) {
  Result<> told = WriteOutputOfMade(description + "\n");
  if (!told) told.error().hint = "the container is shared; the same call shows the description";
  return told;
}

Result<VerbOutcome> Run(const Operands& operands) {
  const Result<RootfsRequest> request = MakeRequest(operands);
  if (!request) return Failure(request.error());
  HoldEndingSignals();
  Result<std::string> description =
      ShareRootFilesystem(DirectoriesOfFlags(), *request, After(kShareTime));
  if (!description) return Failure(DiagnosePermission(std::move(description.error())));
  if (!FLAGS_show && !FLAGS_json) return VerbOutcome{};
  if (Result<> told = Tell(*description); !told) return Failure(std::move(told.error()));
  return VerbOutcome{};
}

}  // namespace

Verb RootfsShareVerb() {
  return {.name = "rootfs share",
          .operands = "SANDBOX CONTAINER [FILE]",
          .summary = "hand a container's root file system to a sandbox",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
