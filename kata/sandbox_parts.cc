// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_parts.h"

#include <utility>

#include "base/text.h"

namespace nydus {

Result<std::optional<SandboxParts>> OpenParts(const KataDirectories& directories,
                                              const std::string& sandbox, Unfinished unfinished,
                                              Deadline deadline) {
  Result<std::optional<SandboxState>> state =
      SandboxState::OpenIfThere(directories, sandbox, deadline);
  if (!state) return Failure(std::move(state.error()));
  if (!*state) return std::nullopt;
  Result<std::optional<SandboxRecord>> record = (*state)->Load();
  if (!record) return Failure(std::move(record.error()));
  if (!*record) return std::nullopt;
  const bool is_finished = (*record)->phase == SandboxRecord::Phase::kReady;
  if (!is_finished && unfinished == Unfinished::kPassOver) return std::nullopt;
  Result<std::optional<ShareDirectory>> share = ShareDirectory::OpenIfThere(directories, **record);
  if (!share) return Failure(std::move(share.error()));
  if (!*share || !(*share)->IsOf(**record)) {
    return Fail(ErrorKind::kMount, StrCat("the share of sandbox ", sandbox, " is gone"),
                StrCat("nydus-overlayctl sandbox delete ", sandbox, " takes down the rest"));
  }
  return SandboxParts{&directories, std::move(**state), std::move(**record), std::move(**share)};
}

}  // namespace nydus
