// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/error.h"
#include "base/state/state_directory.h"
#include "kata/sandbox_paths.h"
#include "kata/sandbox_record.h"

namespace nydus {

// One sandbox's state directory, locked: its record and the description of each container. And the
// directory of its nydusd, which lies beside it and is named by a digest: the path of a socket is
// short, a sandbox's name need not be.
class SandboxState {
 public:
  // Made where it is missing.
  static Result<SandboxState> Open(const KataDirectories& directories, const std::string& sandbox,
                                   Deadline deadline);
  static Result<std::optional<SandboxState>> OpenIfThere(const KataDirectories& directories,
                                                         const std::string& sandbox,
                                                         Deadline deadline);

  // Nothing if there is none: the state was made a moment ago, or its maker was killed. An error if
  // it was lost later.
  [[nodiscard]] Result<std::optional<SandboxRecord>> Load() const;
  [[nodiscard]] Result<> Save(const SandboxRecord& record) const;

  [[nodiscard]] Result<> SaveDescription(const std::string& container, std::string_view text) const;
  [[nodiscard]] Result<> RemoveDescription(const std::string& container) const;

  // Where nydusd's sockets lie by default, and its log. kUsage where their paths would be too long.
  [[nodiscard]] Result<> MakeNydusdDirectory() const;
  [[nodiscard]] std::string ApiSocket() const;
  [[nodiscard]] std::string VhostSocket() const;
  [[nodiscard]] std::string NydusdLogFile() const;

  // Removes the state and both directories.
  Result<> Remove() &&;

 private:
  [[nodiscard]] Result<> CheckNotLost() const;
  [[nodiscard]] std::string InNydusdDirectory(std::string_view name) const;
  [[nodiscard]] std::string ByHand() const;

  SandboxState(LockedState files, std::string sandbox)
      : files_(std::move(files)), sandbox_(std::move(sandbox)) {}

  LockedState files_;
  std::string sandbox_;
};

}  // namespace nydus
