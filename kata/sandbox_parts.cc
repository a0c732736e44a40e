// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_parts.h"

#include <utility>

#include "base/text.h"
#include "kata/rootfs_plan.h"
#include "kata/sandbox_nydusd.h"
#include "kata/sandbox_teardown.h"

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

Result<std::optional<SandboxParts>> OpenPartsToTakeBack(const KataDirectories& directories,
                                                        const std::string& sandbox,
                                                        const std::string& container,
                                                        Deadline deadline) {
  if (Result<> named = CheckContainerName(container); !named) {
    return Failure(std::move(named.error()));
  }
  Result<std::optional<SandboxParts>> parts =
      OpenParts(directories, sandbox, Unfinished::kOpen, deadline);
  if (!parts || !*parts) return parts;
  Result<> known = CheckNamespaces((*parts)->record);
  if (known) known = CheckListener((*parts)->record, deadline);
  if (!known) return Failure(std::move(known.error()));
  return parts;
}

}  // namespace nydus
