// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>

#include "base/text.h"
#include "ctl/bootstrap_version.h"
#include "ctl/common_flags.h"
#include "ctl/input_text.h"
#include "ctl/verbs.h"
#include "snapshot/mount_slice/payload_options.h"
#include "snapshot/payload/payload_policy.h"

DEFINE_string(snapshot_dir, "", "DIR: the snapshot's directory, which holds fs and work");
DEFINE_string(fs_version, "", "VERSION: v5 or v6, instead of what the bootstrap is");

namespace nydus {

namespace {

constexpr std::string_view kDescription =
    "Writes the mount option that hands an image to Kata's nydusd, as nydus-snapshotter does:\n"
    "extraoption=BASE64. The configuration may hold credentials of a registry, and so does the\n"
    "output: keep both out of command lines and logs. The bootstrap is opened only to tell its\n"
    "version.\n";

constexpr std::string_view kFlags[] = {"source", "config", "snapshot_dir", "fs_version"};

Result<> WantFlag(std::string_view name, const std::string& value) {
  if (value.empty()) return Fail(ErrorKind::kUsage, StrCat("--", name, " is missing"));
  return {};
}

Result<ExtraOption> ReadFlags() {
  Result<> given = WantFlag("source", FLAGS_source);
  if (given) given = WantFlag("config", FLAGS_config);
  if (given) given = WantFlag("snapshot-dir", FLAGS_snapshot_dir);
  if (!given) return Failure(std::move(given.error()));
  Result<std::string> config = ReadInput(FLAGS_config, kMaxPayloadBytes);
  if (!config) return Failure(std::move(config.error()));
  ExtraOption option{.source = FLAGS_source,
                     .config = std::move(*config),
                     .snapshot_dir = FLAGS_snapshot_dir,
                     .fs_version = FLAGS_fs_version};
  if (option.fs_version.empty()) {
    Result<std::string> version = BootstrapVersion(option.source);
    if (!version) return Failure(std::move(version.error()));
    option.fs_version = std::move(*version);
  }
  return option;
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (!operands.empty()) return Fail(ErrorKind::kUsage, "encode extra-option takes flags alone");
  const Result<ExtraOption> option = ReadFlags();
  if (!option) return Failure(option.error());
  const Result<std::string> text = EncodeExtraOption(*option);
  if (!text) return Failure(text.error());
  return VerbOutcome{.output = StrCat(*text, "\n")};
}

}  // namespace

Verb EncodeExtraOptionVerb() {
  return {.name = "encode extra-option",
          .operands = "",
          .summary = "make the option extraoption=",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
