// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "mount_helper/execution.h"
#include "mount_helper/mount_plan.h"
#include "tests/support/mount_info.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temp_dir.h"

namespace nydus {

// A tmpfs with a target, an upper and a work directory, and layers made on demand. Everything
// mounted below it is gone after the test.
class MountLab : public testing::Test {
 protected:
  MountLab();
  ~MountLab() override;

  // A directory below the lab, made with its parents.
  std::string Directory(const std::string& name);

  // A directory with a file `name` that holds the directory's path.
  std::string LayerWithFile(const std::string& directory, const std::string& name);

  // Plans and executes these options on the lab's target.
  Result<> MountOn(const std::string& target, const std::string& options);
  Result<> MountAtTarget(const std::string& options) { return MountOn(target_, options); }

  // "upperdir=...,workdir=..." of the lab.
  [[nodiscard]] std::string UpperAndWork() const;

  // The mount at the lab's target; fails the test if there is not exactly one.
  MountInfo TheMount();

  static std::string ReadFile(const std::string& path);

  TempDir scratch_;
  std::string top_;
  std::string target_;
  std::string upper_;
  std::string work_;
  std::vector<std::string> notes_;
};

}  // namespace nydus
