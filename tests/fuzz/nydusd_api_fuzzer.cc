// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/identifier.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_reply.h"
#include "tests/fuzz/fuzz_target.h"

namespace nydus {

namespace {

void CheckInformation(std::string_view text) {
  const Result<NydusdInformation> information = ParseNydusdInformation(text);
  if (!information) return DemandDiscreet(information.error());
  const auto& mounts = information->mounts;
  Demand(std::ranges::is_sorted(mounts, {}, &NydusdMountEntry::mount_point),
         "mounts are sorted by their mount points");
  Demand(std::ranges::all_of(
             mounts, [&](const auto& mount) { return information->FindMount(mount.mount_point); }),
         "every mount is found");
}

void CheckError(std::string_view text) {
  const std::optional<std::string> message = ParseNydusdError(text);
  if (message) Demand(IsPrintable(HintForNydusdError(*message)), "a hint is ours");
}

void CheckPath(std::string_view path) {
  Demand(std::ranges::all_of(PercentEncode(path), [](char c) { return c > ' ' && c < 0x7f; }),
         "a query is visible ASCII");
  Demand(!IsIdentifier(path) || CheckMountPoint(RafsMountPoint(path)),
         "identifiers make mount points");
  if (!CheckMountPoint(path)) return;
  Demand(std::filesystem::path(path).lexically_normal() == path,
         "a mount point has one way to be written");
}

}  // namespace

// As nydusd's information, as its error, and as a mount point.
void FuzzOne(std::string_view input) {
  CheckInformation(input);
  CheckError(input);
  CheckPath(input);
}

}  // namespace nydus
