// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "kata/failure_list.h"
#include "kata/sandbox_paths.h"
#include "kata/sandbox_record.h"

namespace nydus {

// The mode of the share's directories and those of its containers (Kata: virtcontainers, DirMode).
inline constexpr mode_t kShareDirectoryMode = 0750;

// Writes the record to its file.
using SaveRecord = std::function<Result<>()>;

// The directory of one sandbox that its guest sees (Kata: Prepare, Cleanup and the sandbox bind
// mounts of fs_share_linux.go).
class ShareDirectory {
 public:
  // Makes the empty directory, and notes its inode. One that is there already belongs to somebody
  // else: kMount, and nothing was touched.
  static Result<ShareDirectory> Make(const KataDirectories& directories, SandboxRecord& record);
  // Whatever has its name.
  static Result<std::optional<ShareDirectory>> OpenIfThere(const KataDirectories& directories,
                                                           const SandboxRecord& record);

  // Binds the submounts to their view, and the sandbox's binds into the submounts. Every mount is
  // in the record, and saved, before it is attached. On failure Remove() takes back what was made.
  [[nodiscard]] Result<> Prepare(const std::vector<std::string>& binds, SandboxRecord& record,
                                 const SaveRecord& save) const;
  // The one that was made for the record, and not another of that name.
  [[nodiscard]] bool IsOf(const SandboxRecord& record) const;
  // Unmounts and removes everything, the containers' directories too. Their mounts must be gone.
  void Remove(const SandboxRecord& record, FailureList& failures) const;

  // For one that may have been made a moment before its maker was killed.
  void RemoveIfEmpty() const;

  // Unmounts what has one of these LastingMountId()s, wherever among the submounts it is, but not
  // its copy in the view: nobody recorded that one's ID. What is not there is no failure. After one
  // the set has what may be there still.
  [[nodiscard]] Result<> Unmount(std::set<std::uint64_t>& mount_ids) const;

  // Removes what has this name among the submounts, and nothing that is mounted there.
  [[nodiscard]] Result<> RemoveSubmount(const std::string& name) const;

  // Whether something is mounted on `name` where the guest sees it: in the directory of a
  // container, or beside them all with an empty `container`.
  [[nodiscard]] Result<bool> GuestSees(const std::string& container, const std::string& name) const;
  // kMount if not: a bind that does not propagate leaves the guest with an empty directory.
  [[nodiscard]] Result<> CheckGuestSees(const std::string& container,
                                        const std::string& name) const;

  // O_PATH of the directory with the containers.
  [[nodiscard]] Result<UniqueFd> OpenSubmounts() const;
  // O_PATH of what the guest sees of it.
  [[nodiscard]] Result<UniqueFd> OpenServed() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string SubmountsPath() const;
  // What nydusd is told to serve.
  [[nodiscard]] std::string ServedPath() const;

 private:
  ShareDirectory(UniqueFd parent, UniqueFd directory, std::string path, const SandboxRecord& record)
      : parent_(std::move(parent)),
        directory_(std::move(directory)),
        path_(std::move(path)),
        name_(record.id),
        names_(NamesOf(record.layout)) {}

  [[nodiscard]] Result<> BindView(SandboxRecord& record, const SaveRecord& save) const;

  UniqueFd parent_;
  UniqueFd directory_;
  std::string path_;
  std::string name_;
  ShareNames names_;
};

}  // namespace nydus
