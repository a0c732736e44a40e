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

struct LockedRecord {
  SandboxState state;
  SandboxRecord record;
};

// kMount if the sandbox has another nydusd than the one that was seen.
Result<LockedRecord> LockAgain(const KataDirectories& directories, const SandboxRecord& seen,
                               Deadline deadline) {
  Result<std::optional<SandboxState>> state =
      SandboxState::OpenIfThere(directories, seen.id, deadline);
  if (!state) return Failure(std::move(state.error()));
  if (!*state) return NoSuchSandbox(seen.id);
  Result<std::optional<SandboxRecord>> record = (*state)->Load();
  if (!record) return Failure(std::move(record.error()));
  if (!*record) return NoSuchSandbox(seen.id);
  if ((*record)->nydusd != seen.nydusd) {
    return Fail(ErrorKind::kMount, StrCat("sandbox ", seen.id, " has another nydusd by now"),
                "the same call again asks that one");
  }
  return LockedRecord{.state = std::move(**state), .record = std::move(**record)};
}

Result<> Count(const KataDirectories& directories, const SandboxRecord& seen, Deadline deadline) {
  Result<LockedRecord> locked = LockAgain(directories, seen, deadline);
  if (!locked) return Failure(std::move(locked.error()));
  if (Result<> left = CheckMountsLeft(locked->record); !left) return left;
  ++locked->record.mounts_made;
  return locked->state.Save(locked->record);
}

// One too many is harmless.
void Uncount(const KataDirectories& directories, const SandboxRecord& seen, Deadline deadline) {
  Result<LockedRecord> locked = LockAgain(directories, seen, deadline);
  if (!locked || locked->record.mounts_made == 0) return;
  --locked->record.mounts_made;
  (void)locked->state.Save(locked->record);
}

}  // namespace

Result<> MountInSandbox(const KataDirectories& directories, const std::string& sandbox,
                        const NydusdMount& mount, Deadline deadline) {
  if (Result<> valid = CheckNydusdMount(mount); !valid) return valid;
  const Result<SandboxRecord> record = ReadSandbox(directories, sandbox, deadline);
  if (!record) return Failure(record.error());
  Result<> possible = CheckNamespaces(*record);
  if (possible) possible = CheckAddressee(*record, deadline);
  if (!possible) return possible;
  const NydusdClient nydusd(record->api_socket);
  const Result<NydusdInformation> before = InformationBefore(nydusd, mount, deadline);
  if (!before) return Failure(DeathOr(*record, before.error()));
  if (Result<> counted = Count(directories, *record, deadline); !counted) return counted;

  // The wait for the lock may have been long.
  Result<> mounted = CheckAddressee(*record, deadline);
  if (mounted) mounted = nydusd.Mount(mount, *before, deadline);
  if (mounted) return {};
  if (WasNotMade(*record, mount.mount_point, deadline)) Uncount(directories, *record, deadline);
  return Failure(DeathOr(*record, std::move(mounted.error())));
}

}  // namespace nydus
