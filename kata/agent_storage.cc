// SPDX-License-Identifier: Apache-2.0
#include "kata/agent_storage.h"

#include "base/text.h"
#include "snapshot/payload/json_writing.h"

namespace nydus {

namespace {

template <typename T>
std::vector<std::string> TextsOf(const std::vector<T>& values, std::string (*format)(const T&)) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const T& value : values) texts.push_back(format(value));
  return texts;
}

}  // namespace

AgentStorage SharedDirectoryStorage() {
  return {.driver = "virtio-fs",
          .driver_options = {},
          .source = "kataShared",
          .fs_type = "virtiofs",
          .options = {"nodev"},
          .mount_point = std::string(kGuestSharedRoot)};
}

AgentStorage OverlayStorage(std::string_view container) {
  const std::string directory = GuestSubmount(container);
  const std::string snapshot = StrCat(directory, "/", kSnapshotDirectoryName);
  return {.driver = "overlayfs",
          .driver_options = {},
          .source = "overlay",
          .fs_type = "overlay",
          .options = {StrCat("upperdir=", snapshot, "/fs"), StrCat("workdir=", snapshot, "/work"),
                      StrCat("lowerdir=", GuestLowerDirectory(container)), "index=off"},
          .mount_point = GuestRootfs(container)};
}

std::string FormatAgentStorage(const AgentStorage& storage) {
  JsonObjectWriter json;
  json.AddString("driver", storage.driver);
  json.AddStrings("driver_options", storage.driver_options);
  json.AddString("source", storage.source);
  json.AddString("fstype", storage.fs_type);
  json.AddStrings("options", storage.options);
  json.AddString("mount_point", storage.mount_point);
  return json.Finish();
}

std::string FormatRootfsDescription(std::string_view container) {
  JsonObjectWriter json;
  json.AddObjects("storages", {});
  json.AddString("root_path", GuestRootfs(container));
  return json.Finish();
}

std::string FormatContainerDescription(const std::vector<AgentStorage>& storages,
                                       const std::vector<BlockDevice>& block_devices) {
  JsonObjectWriter json;
  json.AddObjects("storages", TextsOf(storages, FormatAgentStorage));
  if (!block_devices.empty()) {
    json.AddObjects("block_devices", TextsOf(block_devices, FormatBlockDevice));
  }
  return json.Finish();
}

}  // namespace nydus
