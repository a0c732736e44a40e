// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/bootstrap_version.h"
#include "ctl/common_flags.h"
#include "ctl/input_text.h"
#include "ctl/json_output.h"
#include "ctl/verbs.h"
#include "snapshot/mount_slice/slice_description.h"

namespace nydus {

namespace {

// The longest description that is read, in bytes.
constexpr std::size_t kMaxDescriptionBytes = std::size_t{1024} * 1024;

constexpr std::string_view kDescription =
    "Makes the mount that nydus-snapshotter would answer with, of a description in JSON from FILE\n"
    "or standard input. Written are its type, its source and its options, a line each.\n"
    "\n"
    "  {\"kind\": \"active\",                     active, view or committed\n"
    "   \"directory\": \"/S/snapshots/4\",        the snapshot, which holds fs and work\n"
    "   \"parents\": [\"/S/snapshots/3\"],        those below it, nearest first\n"
    "   \"labels\": {},                         its labels: volatile, uidmapping, gidmapping\n"
    "   \"volatile\": false,                    enable_overlayfs_volatile\n"
    "   \"helper\": \"nydus-overlayfs\",          nydus_overlayfs_path\n"
    "   \"rafs\": {                             a Nydus image, mounted; absent for others\n"
    "     \"directory\": \"/S/snapshots/3/mnt\",\n"
    "     \"layers_above\": [],                 snapshots between, nearest first\n"
    "     \"extra_option\": {                   for Kata's nydusd\n"
    "       \"bootstrap\": \"/S/snapshots/3/fs/image/image.boot\",\n"
    "       \"config\": \"{...}\",                nydusd's, byte for byte\n"
    "       \"fs_version\": \"v6\"},              else told from the bootstrap\n"
    "     \"kata_volumes\": {                   or volumes for Kata\n"
    "       \"layers\": [{\"LABEL\": \"VALUE\"}],   the layers' labels, top layer first\n"
    "       \"cache_directory\": \"/S/cache\"}},  of exported tarfs disks\n"
    "   \"proxy\": {                            or a snapshot unknown to the proxy driver\n"
    "     \"snapshots_root\": \"/S/snapshots\"}}\n"
    "\n"
    "All but directory may be left out; rafs and proxy exclude each other, and so do extra_option\n"
    "and kata_volumes.\n";

constexpr std::string_view kFlags[] = {"json"};

Result<> CompleteVersion(SliceDescription& slice) {
  if (!slice.rafs || !slice.rafs->extra_option) return {};
  RafsInstance& rafs = *slice.rafs->extra_option;
  if (!rafs.fs_version.empty()) return {};
  Result<std::string> version = BootstrapVersion(rafs.bootstrap);
  if (!version) return Failure(Wrap(std::move(version.error()), "bootstrap"));
  rafs.fs_version = std::move(*version);
  return {};
}

Result<Mount> MountOf(std::string_view text) {
  const Result<JsonValue> json = ParseJson(text);
  if (!json) return Failure(json.error());
  Result<SliceDescription> slice = ReadSliceDescription(*json);
  if (!slice) return Failure(std::move(slice.error()));
  if (Result<> complete = CompleteVersion(*slice); !complete) {
    return Failure(std::move(complete.error()));
  }
  return BuildMount(*slice);
}

std::string TextOf(const Mount& mount) {
  std::string options;
  for (const std::string& option : mount.options) {
    if (!options.empty()) options += ',';
    options += option;
  }
  return StrCat("type=", Escape(mount.type), "\nsource=", Escape(mount.source),
                "\noptions=", Escape(options), "\n");
}

std::string JsonOf(const Mount& mount) {
  return FormatJson({{"type", mount.type}, {"source", mount.source}, {"options", mount.options}});
}

Result<VerbOutcome> Run(const Operands& operands) {
  const Result<std::string> file = FileOperand(operands);
  if (!file) return Failure(file.error());
  const Result<std::string> text = ReadInput(*file, kMaxDescriptionBytes);
  if (!text) return Failure(text.error());
  const Result<Mount> mount = MountOf(*text);
  if (!mount) return Failure(mount.error());
  return VerbOutcome{.output = FLAGS_json ? JsonOf(*mount) : TextOf(*mount)};
}

}  // namespace

Verb EncodeMountVerb() {
  return {.name = "encode mount",
          .operands = "[FILE]",
          .summary = "make a mount as nydus-snapshotter describes it",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
