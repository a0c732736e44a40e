// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_state.h"

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
  const Result<StateRoot> root = StateRoot::Open(directories.state);
  if (!root) return Failure(root.error());
  Result<std::optional<LockedState>> files = root->LockIfThere(sandbox, deadline);
  if (!files) return Failure(std::move(files.error()));
  if (!*files) return std::nullopt;
  return SandboxState(std::move(**files), sandbox);
}

Result<std::optional<SandboxRecord>> SandboxState::Load() const {
  const Result<std::optional<std::string>> text = files_.Read(kRecordName);
  if (!text) return Failure(text.error());
  if (!*text) return std::nullopt;
  Result<SandboxRecord> record = ParseSandboxRecord(**text, sandbox_);
  if (!record) {
    Error error = Wrap(std::move(record.error()), StrCat(files_.path(), "/", kRecordName));
    error.hint = "somebody changed it; nothing was touched";
    return Failure(std::move(error));
  }
  return std::move(*record);
}

Result<> SandboxState::Save(const SandboxRecord& record) const {
  return files_.Write(kRecordName, FormatSandboxRecord(record));
}

Result<> SandboxState::SaveDescription(const std::string& container, std::string_view text) const {
  return files_.Write(DescriptionName(container), text);
}

Result<std::optional<std::string>> SandboxState::LoadDescription(
    const std::string& container) const {
  return files_.Read(DescriptionName(container));
}

Result<> SandboxState::RemoveDescription(const std::string& container) const {
  return files_.Remove(DescriptionName(container));
}

Result<std::string> SandboxState::MakeNydusdDirectory() const {
  if (mkdirat(files_.directory(), kNydusdName, S_IRWXU) != 0 && errno != EEXIST) {
    return FailErrno(ErrorKind::kSystem, errno,
                     StrCat("make ", Escape(files_.path()), "/", kNydusdName));
  }
  return StrCat(files_.path(), "/", kNydusdName);
}

std::string SandboxState::NydusdLogFile() const {
  return StrCat(files_.path(), "/", kNydusdName, "/nydusd.log");
}

Result<> SandboxState::Remove() && {
  return std::move(files_).RemoveAll();
}

}  // namespace nydus
