// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "mount_helper/mount_request.h"

namespace nydus {

// An overlay mount by the kernel.
struct OverlayPlan {
  std::string source;
  MountFlags flags;
  std::vector<DataWord> data;
  std::vector<Layer> layers;
  std::optional<std::string> upper_directory;
  std::optional<std::string> work_directory;

  bool operator==(const OverlayPlan&) const = default;
};

// One lower directory alone is no overlay: it is bound to the target, read-only.
struct LayerBindPlan {
  std::string layer;
  MountFlags flags;

  bool operator==(const LayerBindPlan&) const = default;
};

// New flags for the mount at the target.
struct RemountPlan {
  MountFlags flags;

  bool operator==(const RemountPlan&) const = default;
};

struct MountPlan {
  std::string target;
  std::variant<OverlayPlan, LayerBindPlan, RemountPlan> action;
  std::vector<unsigned long> propagation;  // MS_* words, applied in order afterwards
  std::vector<std::string> notes;          // what was left out of the request, and why

  bool operator==(const MountPlan&) const = default;
};

// What a plan depends on besides the request.
struct SystemFacts {
  bool selinux = false;

  bool operator==(const SystemFacts&) const = default;
};

// Decides what the kernel is to do. Makes no system call. `request.mode` is kNative.
Result<MountPlan> PlanMount(const MountRequest& request, const SystemFacts& facts);

// The data of mount(2) for these words.
std::string FormatMountData(const std::vector<DataWord>& words);

// True if the mount leaves a mark in the work directory that keeps it from being used again.
bool IsVolatile(const OverlayPlan& plan);

// The same mount with every path below `directory` relative to it.
OverlayPlan RelativePlan(const OverlayPlan& plan, std::string_view directory);

// True if no path of the plan depends on the working directory.
bool HasOnlyAbsolutePaths(const OverlayPlan& plan);

}  // namespace nydus
