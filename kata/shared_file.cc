// SPDX-License-Identifier: Apache-2.0
#include "kata/shared_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.h"
#include "kata/failure_list.h"
#include "kata/file_bind.h"
#include "kata/rootfs_plan.h"
#include "kata/sandbox.h"
#include "kata/sandbox_nydusd.h"
#include "kata/sandbox_parts.h"
#include "kata/sandbox_teardown.h"
#include "kata/shared_file_name.h"

namespace nydus {

namespace {

// By descriptor from here on. Kata resolves links too: resolv.conf and volumes often are some.
Result<UniqueFd> OpenSource(const std::string& path) {
  const std::string what = StrCat("source ", Quote(path));
  Result<UniqueFd> source = OpenHostPath(what, path, O_PATH);
  if (!source) return source;
  struct stat status = {};
  if (fstat(source->get(), &status) != 0) return FailErrno(ErrorKind::kSystem, errno, what);
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) return source;
  return Fail(ErrorKind::kUsage, StrCat(what, " is neither a regular file nor a directory"),
              "devices, sockets and pipes of the host mean nothing to a guest");
}

Result<FilePlan> PlanFile(const FileRequest& request) {
  if (Result<> named = CheckContainerName(request.container); !named) {
    return Failure(std::move(named.error()));
  }
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) {
    return FailErrno(ErrorKind::kSystem, errno, "getrandom");
  }
  Result<std::string> name =
      SharedFileName(request.container, number,
                     request.destination.empty() ? request.source : request.destination);
  if (!name) return Failure(std::move(name.error()));
  Result<UniqueFd> source = OpenSource(request.source);
  if (!source) return Failure(std::move(source.error()));
  return FilePlan{
      .name = std::move(*name), .source = std::move(*source), .read_only = request.read_only};
}

Result<> CheckContainerIsShared(const ContainerRecord* container, const FileRequest& request) {
  if (container != nullptr && container->phase == ContainerRecord::Phase::kShared) return {};
  return Fail(ErrorKind::kMount,
              StrCat("container ", request.container, " is not shared with ", request.sandbox),
              "files are shared after its root file system: nydus-overlayctl rootfs share");
}

Result<> CheckRoomForFile(const ContainerRecord& container) {
  if (container.files.size() < kMaxFilesOfContainer) return {};
  return Fail(ErrorKind::kMount,
              StrCat("container ", container.id, " has ", kMaxFilesOfContainer, " files already"),
              "share a directory that holds them");
}

Result<> TakeBack(const OpenSandbox& sandbox, ContainerRecord& container) {
  FailureList failures;
  TakeBackFiles(sandbox, container, failures);
  // Not a condition: on a full file system the record names a file too many, which is then looked
  // for once more.
  (void)sandbox.Save();
  return std::move(failures).Finish();
}

bool IsUnfinished(const SharedFileRecord& file) {
  return !file.shared;
}

// Of a call that was killed.
Result<> TakeBackUnfinished(const OpenSandbox& sandbox, ContainerRecord& container) {
  if (std::ranges::none_of(container.files, IsUnfinished)) return {};
  Result<> taken = TakeBack(sandbox, container);
  if (!taken) return Failure(Wrap(std::move(taken.error()), "leftovers of an interrupted call"));
  return taken;
}

Result<> ShareIn(const OpenSandbox& sandbox, const FileRequest& request, const FilePlan& plan,
                 Deadline deadline) {
  if (Result<> ready = CheckReady(sandbox.record); !ready) return ready;
  ContainerRecord* container = sandbox.record.FindContainer(request.container);
  if (Result<> shared = CheckContainerIsShared(container, request); !shared) return shared;
  // Nobody else would show it to the guest.
  if (const auto nydusd = AskNydusd(sandbox.record, deadline); !nydusd) {
    return Failure(nydusd.error());
  }
  if (Result<> taken = TakeBackUnfinished(sandbox, *container); !taken) return taken;
  if (Result<> room = CheckRoomForFile(*container); !room) return room;
  Result<> bound = BindFile(sandbox, *container, plan);
  if (bound) return bound;
  container->files.back().shared = false;
  return WithUndoFailure(std::move(bound.error()), TakeBack(sandbox, *container),
                         "nydus-overlayctl rootfs unshare takes back the rest");
}

Result<bool> UnshareIn(const OpenSandbox& sandbox, ContainerRecord& container,
                       const std::string& name) {
  const auto found = std::ranges::find(container.files, name, &SharedFileRecord::name);
  const bool is_there = found != container.files.end();
  if (is_there) {
    found->shared = false;
    (void)sandbox.Save();  // likewise
  }
  if (std::ranges::none_of(container.files, IsUnfinished)) return false;
  if (Result<> taken = TakeBack(sandbox, container); !taken) {
    return Failure(std::move(taken.error()));
  }
  return is_there;
}

}  // namespace

Result<SharedFile> ShareFile(const KataDirectories& directories, const FileRequest& request,
                             Deadline deadline) {
  const Result<FilePlan> plan = PlanFile(request);
  if (!plan) return Failure(plan.error());
  Result<std::optional<SandboxParts>> parts =
      OpenParts(directories, request.sandbox, Unfinished::kOpen, deadline);
  if (!parts) return Failure(std::move(parts.error()));
  if (!*parts) return NoSuchSandbox(request.sandbox);
  if (Result<> shared = ShareIn((*parts)->Open(), request, *plan, deadline); !shared) {
    return Failure(std::move(shared.error()));
  }
  return SharedFile{.name = plan->name,
                    .guest_path = GuestSubmount(plan->name),
                    .host_path = StrCat((*parts)->share.SubmountsPath(), "/", plan->name)};
}

Result<bool> UnshareFile(const KataDirectories& directories, const std::string& sandbox,
                         const std::string& container, const std::string& file, Deadline deadline) {
  Result<std::optional<SandboxParts>> parts =
      OpenPartsToTakeBack(directories, sandbox, container, deadline);
  if (!parts) return Failure(std::move(parts.error()));
  if (!*parts) return false;
  const auto name = NameOfSharedFile(file, (*parts)->share.SubmountsPath());
  if (!name) {
    return Fail(ErrorKind::kUsage, StrCat(Quote(file), " is no path in the share of ", sandbox),
                "a shared file is named as file share has written it");
  }
  ContainerRecord* found = (*parts)->record.FindContainer(container);
  if (found == nullptr) return false;
  return UnshareIn((*parts)->Open(), *found, *name);
}

}  // namespace nydus
