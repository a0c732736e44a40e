// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_mount.h"

#include <optional>
#include <utility>

#include "kata/sandbox.h"
#include "kata/sandbox_nydusd.h"
#include "kata/sandbox_state.h"
#include "kata/sandbox_teardown.h"

namespace nydus {

namespace {

Result<> CountAndMount(const SandboxState& state, SandboxRecord& record, const NydusdMount& mount,
                       Deadline deadline) {
  Result<> possible = CheckNamespaces(record);
  if (possible) possible = CheckRoom(record);
  if (possible) possible = CheckAddressee(record, deadline);
  if (!possible) return possible;
  ++record.mounts_made;
  if (Result<> saved = state.Save(record); !saved) return saved;
  Result<> mounted = NydusdClient(record.api_socket).Mount(mount, deadline);
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
