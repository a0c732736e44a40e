// SPDX-License-Identifier: Apache-2.0
#include "ctl/hand_over.h"

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/interruption.h"
#include "ctl/configuration/configuration.h"
#include "ctl/rootfs_request.h"
#include "ctl/tool_request.h"
#include "kata/rootfs.h"
#include "mount_helper/diagnosis.h"
#include "mount_helper/mount_namespace.h"
#include "mount_helper/mount_request.h"
#include "mount_helper/mount_target.h"
#include "mount_helper/report.h"

namespace nydus {

namespace {

void Print(const std::string& text) {
  // Nobody is left to tell of a failure.
  (void)std::fputs(text.c_str(), stderr);
}

Result<MountRequest> ParseKataMount(const ToolRequest& request) {
  Result<MountRequest> mount = ParseMountRequest(request.AsCommandLine());
  if (!mount || mount->mode == MountMode::kKata) return mount;
  return Fail(ErrorKind::kSystem, "mounts of mode image are not made by this version",
              "only nydus.mode=native with lowerdir= and nydus.mode=kata are");
}

Result<> Check(const RootfsRequest& rootfs) {
  const Result<> checked = CheckRootFilesystem(DirectoriesFor({}), rootfs, After(kShareTime));
  return checked ? checked : Failure(DiagnosePermission(checked.error()));
}

Result<> Share(const RootfsRequest& rootfs) {
  if (Result<> free = CheckNotInterrupted(); !free) return free;
  const Result<std::string> description =
      ShareRootFilesystem(DirectoriesFor({}), rootfs, After(kShareTime));
  return description ? Result<>() : Failure(DiagnosePermission(description.error()));
}

// The configuration is this node's and is read before another namespace is joined, as the helper
// reads its files; all that the options name is looked up behind that.
Result<> HandOver(const ToolRequest& request) {
  const Result<MountRequest> mount = ParseKataMount(request);
  if (!mount) return Failure(mount.error());
  const Result<Configuration> configuration = ReadConfiguration();
  if (!configuration) return Failure(configuration.error());
  Result<RootfsRequest> rootfs = MakeRootfsRequest(*mount, *configuration);
  if (!rootfs) return Failure(std::move(rootfs.error()));
  if (request.verbose) {
    for (const std::string& line : DescribeRootfsRequest(*rootfs, *mount)) {
      Print(FormatRemark(line));
    }
  }
  if (request.mount_namespace.ok()) {
    if (Result<> joined = JoinMountNamespace(request.mount_namespace.get()); !joined) return joined;
  }
  Result<MountTarget> target = OpenMountTarget(mount->target);
  if (!target) return Failure(std::move(target.error()));
  rootfs->target = std::move(target->path);
  return request.fake ? Check(*rootfs) : Share(*rootfs);
}

}  // namespace

int RunHandOver(std::string_view descriptor) {
  HoldEndingSignals();
  const Result<ToolRequest> request = ReadToolRequest(descriptor);
  const Result<> done = request ? HandOver(*request) : Failure(request.error());
  if (done) return kExitSuccess;
  Print(FormatFailure(done.error(), request ? request->target : ""));
  return done.error().errno_value == EINTR ? kExitInterrupted : ExitCodeOf(done.error());
}

}  // namespace nydus
