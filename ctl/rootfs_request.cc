// SPDX-License-Identifier: Apache-2.0
#include "ctl/rootfs_request.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "mount_helper/option_table.h"
#include "mount_helper/payload_check.h"

namespace nydus {

namespace {

Failure Usage(std::string message, std::string hint = {}) {
  return Fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

// The guest mounts the root file system, by the description that it is given: no word about a mount
// of this host can be kept there. Only words that state what holds anyway (rw, dev, suid) pass.
Result<> CheckWords(const MountRequest& request) {
  std::string word;
  if (request.remount) word = "remount";
  if (!request.propagation.empty()) word = PropagationNames(request.propagation);
  const bool atime = request.flags.atime.value_or(Atime::kRelative) != Atime::kRelative;
  if (request.flags.set != 0 || atime) {
    word = FlagNames({.set = request.flags.set,
                      .clear = 0,
                      .atime = atime ? request.flags.atime : std::nullopt});
  }
  if (word.empty()) return {};
  return Usage(StrCat("option ", Quote(word), " means nothing in nydus.mode=kata"),
               "nothing is mounted on this host");
}

Result<DecodedPayloads> DecodeAll(const MountRequest& request) {
  const PayloadPolicy policy = request.policy.value_or(PayloadPolicy::kCompatible);
  if (policy == PayloadPolicy::kIgnore) {
    return Usage("nydus.payload=ignore leaves nothing to hand over");
  }
  Result<DecodedPayloads> decoded = DecodePayloads(request.payloads, policy);
  if (decoded && !decoded->extra_option && decoded->volumes.empty()) {
    return Usage(
        StrCat("nydus.mode=kata needs ", kExtraOptionName, "= or ", kKataVolumeOptionName, "="));
  }
  return decoded;
}

Result<std::string> Sandbox(const MountRequest& request, const Configuration& configuration) {
  if (!request.hand_over.sandbox.empty()) return request.hand_over.sandbox;
  if (!configuration.sandbox.empty()) return configuration.sandbox;
  return Usage("nydus.mode=kata needs nydus.sandbox=",
               StrCat(kConfigurationFile, " may name one for all mounts"));
}

// The configuration's socket is that of the configuration's sandbox.
std::string DefaultApiSocket(const Configuration& configuration, std::string_view sandbox) {
  const bool other = !configuration.sandbox.empty() && configuration.sandbox != sandbox;
  return other ? std::string() : configuration.api_socket;
}

bool IsUsedByTheGuest(const DataWord& word) {
  return word.known &&
         (word.kind == OptionKind::kUpperDirectory || word.kind == OptionKind::kWorkDirectory);
}

std::string LeftOut(const MountRequest& request) {
  std::string names;
  for (const DataWord& word : request.data) {
    if (IsUsedByTheGuest(word)) continue;
    names += names.empty() ? "" : ", ";
    names += Quote(word.key);
  }
  return names;
}

std::string Volumes(std::size_t count) {
  return StrCat(count, count == 1 ? " volume" : " volumes");
}

}  // namespace

Result<RootfsRequest> MakeRootfsRequest(const MountRequest& request,
                                        const Configuration& configuration) {
  if (Result<> words = CheckWords(request); !words) return Failure(std::move(words.error()));
  Result<DecodedPayloads> payloads = DecodeAll(request);
  if (!payloads) return Failure(std::move(payloads.error()));
  const Result<std::string> sandbox = Sandbox(request, configuration);
  if (!sandbox) return Failure(sandbox.error());
  return RootfsRequest{
      .sandbox = *sandbox,
      .container = request.hand_over.container,
      .image = std::move(payloads->extra_option),
      .volumes = std::move(payloads->volumes),
      .target = {},
      .directory = {},
      .upper_directory = request.upper_directory.value_or(""),
      .work_directory = request.work_directory.value_or(""),
      .snapshot_roots = configuration.snapshot_roots,
      .layout = ParseShareLayout(request.hand_over.layout),
      .api_socket = request.hand_over.api_socket,
      .default_layout = ParseShareLayout(configuration.layout).value_or(ShareLayout::kGo),
      .default_api_socket = DefaultApiSocket(configuration, *sandbox)};
}

RootfsRequest MakeDirectoryRequest(const std::string& sandbox, const std::string& container,
                                   const std::string& directory,
                                   const Configuration& configuration) {
  RootfsRequest request{.sandbox = sandbox, .container = container};
  request.directory = directory;
  request.default_layout = ParseShareLayout(configuration.layout).value_or(ShareLayout::kGo);
  request.default_api_socket = DefaultApiSocket(configuration, sandbox);
  return request;
}

std::vector<std::string> DescribeRootfsRequest(const RootfsRequest& rootfs,
                                               const MountRequest& request) {
  const std::string what =
      rootfs.volumes.empty() ? "an image for nydusd" : Volumes(rootfs.volumes.size());
  std::vector<std::string> lines = {StrCat("hand over container ", Quote(rootfs.container),
                                           " to sandbox ", Quote(rootfs.sandbox), ": ", what)};
  if (!rootfs.api_socket.empty()) lines.push_back(StrCat("nydusd ", Quote(rootfs.api_socket)));
  if (rootfs.layout) lines.push_back(StrCat("layout ", ShareLayoutName(*rootfs.layout)));
  if (!rootfs.upper_directory.empty()) {
    lines.push_back(StrCat("upper ", Quote(rootfs.upper_directory)));
  }
  if (!rootfs.work_directory.empty())
    lines.push_back(StrCat("work ", Quote(rootfs.work_directory)));
  if (const std::string names = LeftOut(request); !names.empty()) {
    lines.push_back(StrCat("left out: ", names));
  }
  return lines;
}

}  // namespace nydus
