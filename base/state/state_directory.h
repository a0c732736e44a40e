// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// The largest state file, in bytes.
inline constexpr std::size_t kMaxStateBytes = std::size_t{4} * 1024 * 1024;

// One directory of state that belongs to somebody who holds its lock: flock(2) of the directory
// itself, until this object or the process ends. Files in it appear and change whole or not at all,
// as long as the machine runs; nothing is kept over a loss of power.
// Whoever made or removed it may have been killed: it can lack any file.
class LockedState {
 public:
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int directory() const { return directory_.get(); }

  // Nothing if there is no such file. A file that is a link, not ours, open to others or over
  // kMaxStateBytes is an error: somebody changed it by hand.
  [[nodiscard]] Result<std::optional<std::string>> Read(const std::string& name) const;
  // Replaces the file, mode 0600.
  [[nodiscard]] Result<> Write(const std::string& name, std::string_view text) const;
  // A file that is not there is no error.
  [[nodiscard]] Result<> Remove(const std::string& name) const;
  // A directory beside this one, made where it is missing, mode 0700. Its name begins with a dot,
  // so it is never a state's.
  [[nodiscard]] Result<> MakeBeside(const std::string& name) const;
  [[nodiscard]] std::string PathBeside(const std::string& name) const;
  // Removes it and its files. One that is not there is no error.
  [[nodiscard]] Result<> RemoveBeside(const std::string& name) const;
  // Removes everything in the directory, one level of directories in it included, and the
  // directory. The lock is lost with it.
  Result<> RemoveAll() &&;

 private:
  friend class StateRoot;
  LockedState(UniqueFd root, UniqueFd directory, std::string name, std::string path)
      : root_(std::move(root)),
        directory_(std::move(directory)),
        name_(std::move(name)),
        path_(std::move(path)) {}

  UniqueFd root_;
  UniqueFd directory_;
  std::string name_;
  std::string path_;
};

// The directory that holds one state directory per name, 0700 and of this process's user. Opened
// without following a link at its end; anybody else's, or one that others can enter, is refused.
class StateRoot {
 public:
  // Makes the directory where it is missing; its parent must exist.
  static Result<StateRoot> Open(const std::string& path);
  // Nothing where it is missing.
  static Result<std::optional<StateRoot>> OpenIfThere(const std::string& path);

  // Locks the state of `name`, an identifier; makes it where it is missing. kSystem with errno
  // ETIMEDOUT if somebody else holds it until the deadline.
  [[nodiscard]] Result<LockedState> Lock(const std::string& name, Deadline deadline) const;
  // The same, but nothing where there is no such state.
  [[nodiscard]] Result<std::optional<LockedState>> LockIfThere(const std::string& name,
                                                               Deadline deadline) const;
  // Files of the root directory itself, whose names are no identifiers. It is never removed.
  [[nodiscard]] Result<LockedState> LockItself(Deadline deadline) const;
  // All names, sorted.
  [[nodiscard]] Result<std::vector<std::string>> Names() const;

 private:
  StateRoot(UniqueFd directory, std::string path)
      : directory_(std::move(directory)), path_(std::move(path)) {}

  UniqueFd directory_;
  std::string path_;
};

}  // namespace nydus
