// SPDX-License-Identifier: Apache-2.0
#include "tests/namespace/mount_lab.h"

#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace nydus {

MountLab::MountLab() : top_(scratch_.path()) {
  EXPECT_EQ(mount("tmpfs", top_.c_str(), "tmpfs", 0, nullptr), 0);
  target_ = Directory("target");
  upper_ = Directory("upper");
  work_ = Directory("work");
}

MountLab::~MountLab() {
  // Mounting moves into the target, which would keep the lab busy.
  EXPECT_EQ(chdir("/"), 0);
  EXPECT_EQ(umount2(top_.c_str(), MNT_DETACH), 0);
}

std::string MountLab::Directory(const std::string& name) {
  const std::string path = top_ + "/" + name;
  std::filesystem::create_directories(path);
  return path;
}

std::string MountLab::LayerWithFile(const std::string& directory, const std::string& name) {
  std::string path = Directory(directory);
  std::ofstream(path + "/" + name) << path;
  return path;
}

Result<> MountLab::MountOn(const std::string& target, const std::string& options) {
  const Result<MountRequest> request =
      ParseMountRequest({.source = "overlay", .target = target, .options = options});
  if (!request) return Failure(request.error());
  const Result<MountPlan> plan = PlanMount(*request, {});
  if (!plan) return Failure(plan.error());
  const Result<MountTarget> opened = OpenMountTarget(plan->target);
  if (!opened) return Failure(opened.error());
  return ExecutePlan(*plan, *opened, notes_);
}

std::string MountLab::UpperAndWork() const {
  return "upperdir=" + upper_ + ",workdir=" + work_;
}

MountInfo MountLab::TheMount() {
  const std::vector<MountInfo> mounts = MountsAt(target_);
  EXPECT_EQ(mounts.size(), 1U);
  return mounts.empty() ? MountInfo() : mounts.back();
}

std::string MountLab::ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace nydus
