// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_mount.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "kata/sandbox.h"
#include "kata/sandbox_nydusd.h"
#include "kata/sandbox_state.h"
#include "kata/sandbox_teardown.h"

namespace nydus {

namespace {

// What is mounted already must not be taken for this mount once that has failed.
Result<NydusdInformation> InformationBefore(const NydusdClient& nydusd, const NydusdMount& mount,
                                            Deadline deadline) {
  Result<NydusdInformation> before = nydusd.Information(deadline);
  const Result<> free = before ? CheckFree(*before, mount.mount_point) : Failure(before.error());
  if (free) return before;
  return Failure(Wrap(free.error(), StrCat("mount of ", Quote(mount.mount_point))));
}

Result<> CountAndMount(const SandboxState& state, SandboxRecord& record, const NydusdMount& mount,
                       Deadline deadline) {
  Result<> possible = CheckNamespaces(record);
  if (possible) possible = CheckRoom(record);
  if (possible) possible = CheckAddressee(record, deadline);
  if (!possible) return possible;
  const NydusdClient nydusd(record.api_socket);
  const Result<NydusdInformation> before = InformationBefore(nydusd, mount, deadline);
  if (!before) return Failure(DeathOr(record, before.error()));
  ++record.mounts_made;
  if (Result<> saved = state.Save(record); !saved) return saved;
  Result<> mounted = nydusd.Mount(mount, *before, deadline);
  if (mounted) return {};
  UncountUnlessMade(record, mount.mount_point, deadline);
  (void)state.Save(record);  // one too many is harmless
  return Failure(DeathOr(record, std::move(mounted.error())));
}

}  // namespace

Result<> MountInSandbox(const KataDirectories& directories, const std::string& sandbox,
                        const NydusdMount& mount, Deadline deadline) {
  if (Result<> valid = CheckNydusdMount(mount); !valid) return valid;
  const Result<std::optional<SandboxState>> state =
      SandboxState::OpenIfThere(directories, sandbox, deadline);
  if (!state) return Failure(state.error());
  if (!*state) return NoSuchSandbox(sandbox);
  Result<std::optional<SandboxRecord>> record = (*state)->Load();
  if (!record) return Failure(std::move(record.error()));
  if (!*record) return NoSuchSandbox(sandbox);
  return CountAndMount(**state, **record, mount, deadline);
}

}  // namespace nydus
