// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_state.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/identifier.h"
#include "base/text.h"

namespace nydus {

namespace {

// Names that begin with a dot are never a container's.
constexpr char kRecordName[] = ".sandbox.json";
constexpr char kNydusdName[] = ".nydusd";
constexpr char kApiSocketName[] = "api.sock";

std::string DescriptionName(const std::string& container) {
  return StrCat(container, ".json");
}

Result<> CheckSandboxName(const std::string& sandbox) {
  if (IsIdentifier(sandbox)) return {};
  return Fail(ErrorKind::kUsage, StrCat("sandbox ", Quote(sandbox), " ", kIdentifierRule));
}

}  // namespace

Result<SandboxState> SandboxState::Open(const KataDirectories& directories,
                                        const std::string& sandbox, Deadline deadline) {
  if (Result<> named = CheckSandboxName(sandbox); !named) return Failure(std::move(named.error()));
  const Result<StateRoot> root = StateRoot::Open(directories.state);
  if (!root) return Failure(root.error());
  Result<LockedState> files = root->Lock(sandbox, deadline);
  if (!files) return Failure(std::move(files.error()));
  return SandboxState(std::move(*files), sandbox);
}

Result<std::optional<SandboxState>> SandboxState::OpenIfThere(const KataDirectories& directories,
                                                              const std::string& sandbox,
                                                              Deadline deadline) {
  if (Result<> named = CheckSandboxName(sandbox); !named) return Failure(std::move(named.error()));
  const Result<std::optional<StateRoot>> root = StateRoot::OpenIfThere(directories.state);
  if (!root) return Failure(root.error());
  if (!*root) return std::nullopt;
  Result<std::optional<LockedState>> files = (*root)->LockIfThere(sandbox, deadline);
  if (!files) return Failure(std::move(files.error()));
  if (!*files) return std::nullopt;
  return SandboxState(std::move(**files), sandbox);
}

Result<std::optional<SandboxRecord>> SandboxState::Load() const {
  const Result<std::optional<std::string>> text = files_.Read(kRecordName);
  if (!text) return Failure(text.error());
  if (!*text) {
    if (Result<> lost = CheckNotLost(); !lost) return Failure(std::move(lost.error()));
    return std::nullopt;
  }
  Result<SandboxRecord> record = ParseSandboxRecord(**text, sandbox_);
  if (!record) {
    Error error = Wrap(std::move(record.error()), StrCat(files_.path(), "/", kRecordName));
    error.hint =
        StrCat("somebody changed it, and nothing was touched: put it right, or ", ByHand());
    return Failure(std::move(error));
  }
  return std::move(*record);
}

// nydusd's socket is there from after the first record to before the last one is removed.
Result<> SandboxState::CheckNotLost() const {
  const std::string socket = StrCat(kNydusdName, "/", kApiSocketName);
  struct stat status = {};
  if (fstatat(files_.directory(), socket.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
  return Fail(ErrorKind::kSystem,
              StrCat(Escape(files_.path()), "/", kRecordName,
                     " is lost, and what the sandbox has is known to nobody"),
              ByHand());
}

std::string SandboxState::ByHand() const {
  return StrCat("by hand: nydus-overlayctl nydusd stop --apisock=", ApiSocket(),
                ", unmount and remove the sandbox's share, remove ", Escape(files_.path()));
}

Result<> SandboxState::Save(const SandboxRecord& record) const {
  const std::string text = FormatSandboxRecord(record);
  // Nobody could take down what cannot be read back.
  const Result<SandboxRecord> read = ParseSandboxRecord(text, sandbox_);
  if (!read) return Failure(Wrap(read.error(), "cannot be recorded"));
  if (*read != record) {
    return Fail(ErrorKind::kUsage, "cannot be recorded: a path is no UTF-8");
  }
  return files_.Write(kRecordName, text);
}

Result<> SandboxState::SaveDescription(const std::string& container, std::string_view text) const {
  return files_.Write(DescriptionName(container), text);
}

Result<> SandboxState::RemoveDescription(const std::string& container) const {
  return files_.Remove(DescriptionName(container));
}

Result<> SandboxState::MakeNydusdDirectory() const {
  if (mkdirat(files_.directory(), kNydusdName, S_IRWXU) != 0 && errno != EEXIST) {
    return FailErrno(ErrorKind::kSystem, errno,
                     StrCat("make ", Escape(files_.path()), "/", kNydusdName));
  }
  return {};
}

std::string SandboxState::ApiSocket() const {
  return StrCat(files_.path(), "/", kNydusdName, "/", kApiSocketName);
}

std::string SandboxState::VhostSocket() const {
  return StrCat(files_.path(), "/", kNydusdName, "/vhost.sock");
}

std::string SandboxState::NydusdLogFile() const {
  return StrCat(files_.path(), "/", kNydusdName, "/nydusd.log");
}

Result<> SandboxState::Remove() && {
  return std::move(files_).RemoveAll();
}

}  // namespace nydus
