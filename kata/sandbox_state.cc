// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_state.h"

#include <sys/stat.h>

#include <cstddef>
#include <utility>

#include "base/identifier.h"
#include "base/text.h"
#include "fuse/nydusd/nydusd_settings.h"
#include "kata/request_digest.h"

namespace nydus {

namespace {

// Names that begin with a dot are never a container's.
constexpr char kRecordName[] = ".sandbox.json";

// Of nydusd's directory: enough of a digest that no two sandboxes share one.
constexpr std::size_t kDirectoryDigits = 32;

std::string DescriptionName(const std::string& container) {
  return StrCat(container, ".json");
}

std::string NydusdDirectoryName(std::string_view sandbox) {
  return StrCat(".", RequestDigest({sandbox}).substr(0, kDirectoryDigits));
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
  struct stat status = {};
  if (lstat(ApiSocket().c_str(), &status) != 0) return {};
  return Fail(ErrorKind::kSystem,
              StrCat(Escape(files_.path()), "/", kRecordName,
                     " is lost, and what the sandbox has is known to nobody"),
              ByHand());
}

std::string SandboxState::ByHand() const {
  return StrCat("by hand: nydus-overlayctl nydusd stop --apisock=", ApiSocket(),
                ", unmount and remove the sandbox's share, remove ", Escape(files_.path()), " and ",
                Escape(files_.PathBeside(NydusdDirectoryName(sandbox_))));
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
  const std::string longest = VhostSocket();
  if (longest.size() > kMaxSocketPathBytes) {
    return Fail(ErrorKind::kUsage,
                StrCat("nydusd's socket would be ", Quote(longest), ", of ", longest.size(),
                       " bytes; a socket's path has at most ", kMaxSocketPathBytes),
                StrCat("shorten the runtime directory's path by ",
                       longest.size() - kMaxSocketPathBytes, " at least"));
  }
  return files_.MakeBeside(NydusdDirectoryName(sandbox_));
}

std::string SandboxState::InNydusdDirectory(std::string_view name) const {
  return StrCat(files_.PathBeside(NydusdDirectoryName(sandbox_)), "/", name);
}

std::string SandboxState::ApiSocket() const {
  return InNydusdDirectory("api.sock");
}

std::string SandboxState::VhostSocket() const {
  return InNydusdDirectory("vhost.sock");
}

std::string SandboxState::NydusdLogFile() const {
  return InNydusdDirectory("nydusd.log");
}

Result<> SandboxState::Remove() && {
  // First: the state says that it may be there.
  if (Result<> removed = files_.RemoveBeside(NydusdDirectoryName(sandbox_)); !removed) {
    return removed;
  }
  return std::move(files_).RemoveAll();
}

}  // namespace nydus
