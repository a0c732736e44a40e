// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "fuse/nydusd/nydusd_client.h"
#include "kata/failure_list.h"
#include "kata/sandbox_paths.h"
#include "kata/sandbox_record.h"
#include "kata/sandbox_state.h"
#include "kata/share_directory.h"
#include "snapshot/payload/direct_volume.h"
#include "snapshot/payload/extra_option.h"

namespace nydus {

// What a container is to get, settled before anything is changed.
struct ContainerPlan {
  std::string container;
  std::string request_digest;
  std::optional<ExtraOption> image;           // for nydusd; without one nothing is mounted
  NydusdMount mount;                          // the same, as nydusd is asked; with `image`
  NydusdInformation nydusd;                   // what it served a moment ago; with `image`
  UniqueFd snapshot_directory;                // O_PATH; with `image`
  UniqueFd root_directory;                    // O_PATH of what rootfs/ will be; without `image`
  std::string description;                    // for the agent
  std::optional<DirectVolume> direct_volume;  // for mountInfo.json
  std::string direct_volume_path;             // where it appears; with `direct_volume`
};

// The sandbox that a container is shared in.
struct OpenSandbox {
  const KataDirectories& directories;
  const SandboxState& state;
  const ShareDirectory& share;
  SandboxRecord& record;

  [[nodiscard]] Result<> Save() const { return state.Save(record); }
};

// Serves the image, binds the snapshot directory, writes the description; each after it is in the
// record. After a failure TakeBackContainer() undoes what was done.
Result<> MakeContainerShare(const OpenSandbox& sandbox, const ContainerPlan& plan,
                            Deadline deadline);

// A part of taking back: unmounts what has these IDs, which lie in the record and become 0 there,
// in one walk through the mounts. 0 and what is unmounted already are no error. Saving that they
// are gone is up to the caller.
Result<> UnmountRecorded(const OpenSandbox& sandbox, const std::vector<std::uint64_t*>& mounts);

// Whether nydusd and the host still have what was handed over.
Result<> CheckContainerLives(const OpenSandbox& sandbox, const ContainerRecord& container,
                             const NydusdInformation& nydusd);

// Undoes it in reverse, as far as it was done. Without `nydusd_lives` nydusd is not asked. The
// container stays in the record, in the phase kUnsharing.
void TakeBackContainer(const OpenSandbox& sandbox, ContainerRecord& container, bool nydusd_lives,
                       FailureList& failures, Deadline deadline);

}  // namespace nydus
