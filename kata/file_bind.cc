// SPDX-License-Identifier: Apache-2.0
#include "kata/file_bind.h"

#include <vector>

#include "base/interruption.h"
#include "base/text.h"
#include "kata/share/bind_mount.h"

namespace nydus {

namespace {

Result<> MakeFileBind(const OpenSandbox& sandbox, SharedFileRecord& file, const FilePlan& plan) {
  const Result<DetachedBind> bind = DetachBind(plan.source.get());
  if (!bind) return Failure(bind.error());
  // Before it is attached: the copy that the guest sees is made then, and takes no later change.
  // Kata gets there by a second bind in a place of its own.
  Result<> done = plan.read_only ? MakeReadOnly(*bind) : Result<>();
  sandbox.record.ForgetMount(bind->mount_id);
  file.mount = bind->mount_id;
  if (done) done = sandbox.Save();
  if (!done) return done;

  const Result<UniqueFd> submounts = sandbox.share.OpenSubmounts();
  if (!submounts) return Failure(submounts.error());
  const Result<UniqueFd> place =
      MakePlaceFor(plan.source.get(), submounts->get(), plan.name, kShareDirectoryMode);
  if (!place) return Failure(place.error());
  return AttachPrivately(*bind, place->get());
}

}  // namespace

Result<> BindFile(const OpenSandbox& sandbox, ContainerRecord& container, const FilePlan& plan) {
  SharedFileRecord& file = container.files.emplace_back(SharedFileRecord{.name = plan.name});
  Result<> done = MakeFileBind(sandbox, file, plan);
  if (done) done = sandbox.share.CheckGuestSees({}, plan.name);
  if (done) done = CheckNotInterrupted();
  if (!done) return done;
  file.shared = true;
  return sandbox.Save();
}

void TakeBackFiles(const OpenSandbox& sandbox, ContainerRecord& container, FailureList& failures) {
  std::vector<std::uint64_t*> mounts;
  for (SharedFileRecord& file : container.files) {
    if (!file.shared) mounts.push_back(&file.mount);
  }
  failures.Check(UnmountRecorded(sandbox, mounts), container.id);
  std::erase_if(container.files, [&](const SharedFileRecord& file) {
    return !file.shared && file.mount == 0 &&
           failures.Check(sandbox.share.RemoveSubmount(file.name), Escape(file.name));
  });
}

}  // namespace nydus
