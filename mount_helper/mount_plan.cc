// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_plan.h"

#include <sys/mount.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/text.h"
#include "mount_helper/escapes.h"

namespace nydus {

namespace {

// What overlayfs knows besides its directories (Linux: fs/overlayfs/params.c). Only a mount that
// becomes a bind is checked against it; for an overlay the kernel is the judge.
constexpr std::string_view kOverlayWords[] = {
    "default_permissions",
    "index",
    "metacopy",
    "nfs_export",
    "override_creds",
    "nooverride_creds",
    "redirect_dir",
    "userxattr",
    "uuid",
    "verity",
    "volatile",
    "xino",
};

// containerd resolves user names in mounts of its own before the container's mount is made. With
// `volatile` the first would leave a mark that lets the second fail.
constexpr std::string_view kTemporaryMountPrefix = "containerd-mount";

std::string_view LastComponent(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool AsksForVolatile(const DataWord& word) {
  return word.known && word.kind == OptionKind::kVolatile &&
         (word.key == "volatile" || word.value == "volatile");
}

bool IsLayerKey(std::string_view key) {
  return key == "lowerdir+" || key == "datadir+";
}

// The words that reach overlay on this system and for this target.
std::vector<DataWord> PlanData(const MountRequest& request, const SystemFacts& facts,
                               std::vector<std::string>& notes) {
  const bool temporary = LastComponent(request.target).starts_with(kTemporaryMountPrefix);
  std::vector<DataWord> data;
  for (const DataWord& word : request.data) {
    const bool is_context = word.known && word.kind == OptionKind::kSecurityContext;
    if (temporary && AsksForVolatile(word)) {
      notes.push_back(StrCat(word.key, " left out: a temporary mount of containerd"));
    } else if (is_context && !facts.selinux) {
      notes.push_back(StrCat(word.key, " left out: SELinux is off"));
    } else {
      data.push_back(word);
    }
  }
  return data;
}

bool IsOneLayerAlone(const MountRequest& request, std::span<const DataWord> data) {
  return request.layers.size() == 1 && !request.upper_directory &&
         std::ranges::none_of(data, [](const DataWord& word) { return IsLayerKey(word.key); });
}

Result<LayerBindPlan> PlanLayerBind(const MountRequest& request) {
  for (const DataWord& word : request.data) {
    if (word.known || std::ranges::find(kOverlayWords, word.key) != std::end(kOverlayWords))
      continue;
    return Fail(ErrorKind::kUsage, StrCat("option ", Quote(word.key), " is unknown to overlay"));
  }
  LayerBindPlan plan{.layer = request.layers[0].path, .flags = request.flags};
  plan.flags.set |= MS_RDONLY;
  plan.flags.clear &= ~static_cast<unsigned long>(MS_RDONLY);
  return plan;
}

Result<RemountPlan> PlanRemount(const MountRequest& request) {
  if (!request.data.empty()) {
    return Fail(ErrorKind::kUsage,
                StrCat("option ", Quote(request.data[0].key), " cannot be changed by a remount"),
                "unmount and mount anew");
  }
  return RemountPlan{.flags = request.flags};
}

Result<> CheckDirectories(const MountRequest& request, std::span<const DataWord> data) {
  const bool has_layers =
      !request.layers.empty() ||
      std::ranges::any_of(data, [](const DataWord& word) { return IsLayerKey(word.key); });
  if (!has_layers) return Fail(ErrorKind::kUsage, "no lower directory is given (lowerdir=)");
  if (request.upper_directory && !request.work_directory) {
    return Fail(ErrorKind::kUsage, "upperdir= is given without workdir=");
  }
  return {};
}

void AppendWord(std::string& data, const DataWord& word) {
  if (!data.empty()) data += ',';
  data += word.key;
  if (!word.value) return;
  const bool quotes =
      word.known && word.kind == OptionKind::kSecurityContext && word.value->contains(',');
  data += quotes ? "=\"" : "=";
  data += *word.value;
  if (quotes) data += '"';
}

}  // namespace

Result<MountPlan> PlanMount(const MountRequest& request, const SystemFacts& facts) {
  MountPlan plan{
      .target = request.target, .action = {}, .propagation = request.propagation, .notes = {}};
  if (NamesDescriptor(request.target)) {
    return Fail(ErrorKind::kMount, "the target names a descriptor, not a directory",
                "mount.fuse's drop_privileges cannot be used with an overlay");
  }
  if (request.remount) {
    Result<RemountPlan> remount = PlanRemount(request);
    if (!remount) return Failure(std::move(remount.error()));
    plan.action = *remount;
    return plan;
  }

  std::vector<DataWord> data = PlanData(request, facts, plan.notes);
  if (Result<> complete = CheckDirectories(request, data); !complete) {
    return Failure(std::move(complete.error()));
  }
  if (IsOneLayerAlone(request, data)) {
    Result<LayerBindPlan> bind = PlanLayerBind(request);
    if (!bind) return Failure(std::move(bind.error()));
    plan.action = std::move(*bind);
    return plan;
  }
  plan.action = OverlayPlan{.source = request.source,
                            .flags = request.flags,
                            .data = std::move(data),
                            .layers = request.layers,
                            .upper_directory = request.upper_directory,
                            .work_directory = request.work_directory};
  return plan;
}

std::string FormatMountData(const std::vector<DataWord>& words) {
  std::string data;
  for (const DataWord& word : words) AppendWord(data, word);
  return data;
}

bool IsVolatile(const OverlayPlan& plan) {
  return std::ranges::any_of(plan.data, AsksForVolatile);
}

OverlayPlan RelativePlan(const OverlayPlan& plan, std::string_view directory) {
  OverlayPlan relative = plan;
  for (Layer& layer : relative.layers) layer.path = RelativeTo(layer.path, directory);
  for (auto* path : {&relative.upper_directory, &relative.work_directory}) {
    if (*path) *path = std::string(RelativeTo(**path, directory));
  }
  for (DataWord& word : relative.data) {
    if (!word.known) continue;
    if (word.kind == OptionKind::kLowerDirectory)
      word.value = FormatLowerDirectories(relative.layers);
    if (word.kind == OptionKind::kUpperDirectory)
      word.value = EscapePath(*relative.upper_directory);
    if (word.kind == OptionKind::kWorkDirectory) word.value = EscapePath(*relative.work_directory);
  }
  return relative;
}

bool HasOnlyAbsolutePaths(const OverlayPlan& plan) {
  const auto absolute = [](std::string_view path) { return path.starts_with('/'); };
  return absolute(plan.upper_directory.value_or("/")) &&
         absolute(plan.work_directory.value_or("/")) &&
         std::ranges::all_of(plan.layers, absolute, &Layer::path) &&
         std::ranges::all_of(plan.data, [&](const DataWord& word) {
           return !IsLayerKey(word.key) || absolute(word.value.value_or(""));
         });
}

}  // namespace nydus
