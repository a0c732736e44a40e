// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/interruption.h"
#include "base/text.h"
#include "base/utf8.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_client.h"
#include "fuse/nydusd/nydusd_process.h"
#include "kata/failure_list.h"
#include "kata/request_digest.h"
#include "kata/sandbox_nydusd.h"
#include "kata/sandbox_state.h"
#include "kata/sandbox_teardown.h"
#include "kata/share_directory.h"

namespace nydus {

namespace {

// A record is JSON.
constexpr std::string_view kNoText = " is no UTF-8";

Result<> CheckBinds(const std::vector<std::string>& binds) {
  if (binds.size() > kMaxSandboxBinds) {
    return Fail(ErrorKind::kUsage, StrCat("more than ", kMaxSandboxBinds, " sandbox binds"));
  }
  std::vector<std::string_view> names;
  for (const std::string& bind : binds) {
    const std::string_view name = LastComponent(bind);
    if (!bind.starts_with('/') || name.empty() || name == "." || name == "..") {
      return Fail(ErrorKind::kUsage, StrCat("sandbox bind ", Quote(bind),
                                            " is not an absolute path that ends in a name"));
    }
    if (std::ranges::find(names, name) != names.end()) {
      return Fail(ErrorKind::kUsage, StrCat("two sandbox binds end in ", Quote(name)));
    }
    if (!IsUtf8(name)) {
      return Fail(ErrorKind::kUsage, StrCat("sandbox bind ", Quote(bind), kNoText));
    }
    names.push_back(name);
  }
  return {};
}

// As it will be recorded, for calls from other directories.
Result<> CheckSocket(std::string_view what, const std::string& path) {
  if (path.empty()) return {};
  if (path[0] != '/') {
    return Fail(ErrorKind::kUsage, StrCat(what, " ", Quote(path), " is not an absolute path"));
  }
  if (!IsUtf8(path)) return Fail(ErrorKind::kUsage, StrCat(what, " ", Quote(path), kNoText));
  return {};
}

// What can be refused before anything is made.
Result<> CheckRequest(const SandboxRequest& request) {
  Result<> valid = CheckBinds(request.binds);
  if (valid) valid = CheckSocket("API socket", request.api_socket);
  if (valid) valid = CheckSocket("vhost socket", request.vhost_socket);
  return valid;
}

std::string DigestOf(const SandboxRequest& request) {
  std::vector<std::string_view> parts = {request.id,           ShareLayoutName(request.layout),
                                         request.api_socket,   request.nydusd,
                                         request.vhost_socket, request.debug ? "debug" : ""};
  parts.insert(parts.end(), request.binds.begin(), request.binds.end());
  parts.emplace_back("arguments");
  parts.insert(parts.end(), request.nydusd_arguments.begin(), request.nydusd_arguments.end());
  return RequestDigest(parts);
}

Result<> Build(const KataDirectories& directories, const SandboxRequest& request,
               const SandboxState& state, const ShareDirectory& share, SandboxRecord& record,
               Deadline deadline) {
  Result<> done = state.Save(record);  // with the share's inode
  if (done) done = share.Prepare(request.binds, record, [&] { return state.Save(record); });
  if (done && record.own_nydusd) {
    record.mounts_made = 1;
    done = StartOwnNydusd(request, state, share, record, deadline);
  } else if (done) {
    done = UseForeignNydusd(directories, state, share, record, deadline);
  }
  if (done) done = CheckNotInterrupted();
  if (!done) return done;
  record.phase = SandboxRecord::Phase::kReady;
  return state.Save(record);
}

Result<SandboxRecord> NewRecord(const SandboxRequest& request, const SandboxState& state,
                                std::string digest) {
  SandboxRecord record = {.id = request.id};
  const Result<Namespaces> namespaces = OwnNamespaces();
  if (!namespaces) return Failure(namespaces.error());
  record.namespaces = *namespaces;
  record.layout = request.layout;
  record.request_digest = std::move(digest);
  record.own_nydusd = request.api_socket.empty();
  record.api_socket = request.api_socket;
  if (!record.own_nydusd) return record;
  if (Result<> made = state.MakeNydusdDirectory(); !made) return Failure(std::move(made.error()));
  record.api_socket = state.ApiSocket();
  record.vhost_socket = request.vhost_socket.empty() ? state.VhostSocket() : request.vhost_socket;
  record.log_file = state.NydusdLogFile();
  return record;
}

Failure WithUndoFailure(Error error, const Result<>& undone) {
  return WithUndoFailure(std::move(error), undone,
                         "nydus-overlayctl sandbox delete takes down the rest");
}

// Before anything is recorded: whoever finds the record after a crash takes the share for ours.
Result<> CheckNoShare(const KataDirectories& directories, const SandboxRecord& record) {
  const Result<std::optional<ShareDirectory>> share =
      ShareDirectory::OpenIfThere(directories, record);
  if (!share) return Failure(share.error());
  if (!*share) return {};
  return Fail(ErrorKind::kMount, StrCat(Escape((*share)->path()), " exists"),
              "a sandbox of that name is not ours");
}

Result<CreatedSandbox> MakeSandbox(const KataDirectories& directories,
                                   const SandboxRequest& request, SandboxState state,
                                   std::string digest, Deadline deadline) {
  Result<SandboxRecord> record = NewRecord(request, state, std::move(digest));
  if (!record) return WithUndoFailure(record.error(), std::move(state).Remove());
  Result<> begun = CheckNoShare(directories, *record);
  if (begun) begun = state.Save(*record);
  if (!begun) return WithUndoFailure(std::move(begun.error()), std::move(state).Remove());
  const Result<ShareDirectory> share = ShareDirectory::Make(directories, *record);
  if (!share) {
    // Nothing but the state is ours; a directory of that name is not.
    return WithUndoFailure(share.error(), std::move(state).Remove());
  }
  if (Result<> built = Build(directories, request, state, *share, *record, deadline); !built) {
    return WithUndoFailure(std::move(built.error()), TakeDownSandbox(directories, std::move(state),
                                                                     *record, After(kUndoTime)));
  }
  return CreatedSandbox{.record = std::move(*record), .is_new = true};
}

Result<CreatedSandbox> CheckExisting(SandboxRecord record, const std::string& digest,
                                     Deadline deadline) {
  if (Result<> here = CheckNamespaces(record); !here) return Failure(std::move(here.error()));
  if (record.request_digest != digest) {
    return Fail(ErrorKind::kMount, StrCat("sandbox ", record.id, " exists with other settings"),
                "delete it first, or leave it as it is");
  }
  const Result<NydusdInformation> nydusd = AskNydusd(record, deadline);
  if (!nydusd) return Failure(nydusd.error());
  return CreatedSandbox{.record = std::move(record), .is_new = false};
}

}  // namespace

Result<CreatedSandbox> CreateSandbox(const KataDirectories& directories,
                                     const SandboxRequest& request, Deadline deadline) {
  if (Result<> valid = CheckRequest(request); !valid) return Failure(std::move(valid.error()));
  const std::string digest = DigestOf(request);
  Result<SandboxState> state = SandboxState::Open(directories, request.id, deadline);
  if (!state) return Failure(std::move(state.error()));
  Result<std::optional<SandboxRecord>> existing = state->Load();
  if (!existing) return Failure(std::move(existing.error()));
  if (!*existing) {
    return MakeSandbox(directories, request, std::move(*state), digest, deadline);
  }
  if ((*existing)->phase == SandboxRecord::Phase::kReady) {
    return CheckExisting(std::move(**existing), digest, deadline);
  }
  // What a call left that was killed.
  if (Result<> undone = TakeDownSandbox(directories, std::move(*state), **existing, deadline);
      !undone) {
    return Failure(Wrap(std::move(undone.error()), "leftovers of an interrupted call"));
  }
  return CreateSandbox(directories, request, deadline);
}

Failure NoSuchSandbox(const std::string& id) {
  return Fail(ErrorKind::kMount, StrCat("there is no sandbox ", Quote(id)),
              StrCat("nydus-overlayctl sandbox create ", id, " makes it"));
}

Result<SandboxRecord> ReadSandbox(const KataDirectories& directories, const std::string& id,
                                  Deadline deadline) {
  const Result<std::optional<SandboxState>> state =
      SandboxState::OpenIfThere(directories, id, deadline);
  if (!state) return Failure(state.error());
  if (*state) {
    Result<std::optional<SandboxRecord>> record = (*state)->Load();
    if (!record) return Failure(std::move(record.error()));
    if (*record) return std::move(**record);
  }
  return NoSuchSandbox(id);
}

Result<std::vector<std::string>> SandboxNames(const KataDirectories& directories) {
  const Result<std::optional<StateRoot>> root = StateRoot::OpenIfThere(directories.state);
  if (!root) return Failure(root.error());
  return *root ? (*root)->Names() : std::vector<std::string>();
}

Result<bool> DeleteSandbox(const KataDirectories& directories, const std::string& id,
                           Deadline deadline) {
  Result<std::optional<SandboxState>> state = SandboxState::OpenIfThere(directories, id, deadline);
  if (!state) return Failure(std::move(state.error()));
  if (!*state) return false;
  Result<std::optional<SandboxRecord>> record = (*state)->Load();
  if (!record) return Failure(std::move(record.error()));
  Result<> deleted = *record ? TakeDownSandbox(directories, std::move(**state), **record, deadline)
                             : std::move(**state).Remove();
  if (!deleted) return Failure(std::move(deleted.error()));
  return record->has_value();
}

}  // namespace nydus
