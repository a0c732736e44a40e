// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>
#include <nlohmann/json.hpp>

#include "base/deadline.h"
#include "base/interruption.h"
#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/json_output.h"
#include "ctl/rootfs_request.h"
#include "ctl/sandbox_target.h"
#include "ctl/standard_output.h"
#include "ctl/verbs.h"
#include "kata/failure_list.h"
#include "kata/shared_file.h"
#include "mount_helper/diagnosis.h"

DEFINE_string(destination, "",
              "PATH: where the container will have it, instead of where the host has it");
DEFINE_bool(read_only, false, "let nobody write to it through the share");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Lets the guest see a file or directory of the host for a container that was handed over, "
    "such\n"
    "as its resolv.conf or a volume, and writes the path under which the guest has it. What is\n"
    "mounted below a directory is not shared with it. Each call makes a new one.\n";

constexpr std::array<std::string_view, 4> kFlags = {"destination", "read_only", "rootless_dir",
                                                    "json"};

// Of packaging/schema/file-share.schema.json.
constexpr int kSchemaVersion = 1;

std::string Render(const SharedFile& file) {
  if (!FLAGS_json) return StrCat(Escape(file.guest_path), "\n");
  return FormatJson({{"version", kSchemaVersion},
                     {"name", file.name},
                     {"guest_path", file.guest_path},
                     {"host_path", file.host_path}});
}

// Nobody knows the name of one that could not be told.
Result<> TellOrTakeBack(const KataDirectories& directories, const Operands& operands,
                        const SharedFile& file) {
  Result<> told = WriteOutputOfMade(Render(file));
  if (told) return told;
  const Uninterrupted to_the_end;
  const Result<bool> taken_back =
      UnshareFile(directories, operands[0], operands[1], file.name, After(kUndoTime));
  return WithUndoFailure(std::move(told.error()),
                         taken_back ? Result<>() : Failure(taken_back.error()),
                         "nydus-overlayctl rootfs unshare takes back the rest");
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (operands.size() != 3) {
    return Fail(ErrorKind::kUsage, "file share wants a sandbox, a container and a path");
  }
  HoldEndingSignals();
  const KataDirectories directories = DirectoriesOfFlags();
  Result<SharedFile> file = ShareFile(directories,
                                      {.sandbox = operands[0],
                                       .container = operands[1],
                                       .source = operands[2],
                                       .destination = FLAGS_destination,
                                       .read_only = FLAGS_read_only},
                                      After(kShareTime));
  if (!file) return Failure(DiagnosePermission(std::move(file.error())));
  if (Result<> told = TellOrTakeBack(directories, operands, *file); !told) {
    return Failure(std::move(told.error()));
  }
  return VerbOutcome{};
}

}  // namespace

Verb FileShareVerb() {
  return {.name = "file share",
          .operands = "SANDBOX CONTAINER PATH",
          .summary = "let a container have a file of the host",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
