// SPDX-License-Identifier: Apache-2.0
#include "kata/agent_storage.h"

#include "base/text.h"
#include "snapshot/payload/json_writing.h"

namespace nydus {

AgentStorage SharedDirectoryStorage() {
  return {.driver = "virtio-fs",
          .driver_options = {},
          .source = "kataShared",
          .fs_type = "virtiofs",
          .options = {"nodev"},
          .mount_point = std::string(kGuestSharedRoot)};
}

AgentStorage OverlayStorage(std::string_view container) {
  const std::string directory = GuestContainerDirectory(container);
  const std::string snapshot = StrCat(directory, "/", kSnapshotDirectoryName);
  return {.driver = "overlayfs",
          .driver_options = {},
          .source = "overlay",
          .fs_type = "overlay",
          .options = {StrCat("upperdir=", snapshot, "/fs"), StrCat("workdir=", snapshot, "/work"),
                      StrCat("lowerdir=", GuestLowerDirectory(container)), "index=off"},
          .mount_point = StrCat(directory, "/", kRootfsName)};
}

std::string FormatAgentStorage(const AgentStorage& storage) {
  JsonObjectWriter writer;
  writer.AddString("driver", storage.driver);
  writer.AddStrings("driver_options", storage.driver_options);
  writer.AddString("source", storage.source);
  writer.AddString("fstype", storage.fs_type);
  writer.AddStrings("options", storage.options);
  writer.AddString("mount_point", storage.mount_point);
  return writer.Finish();
}

std::string FormatContainerDescription(const std::vector<AgentStorage>& storages) {
  std::vector<std::string> texts;
  texts.reserve(storages.size());
  for (const AgentStorage& storage : storages) texts.push_back(FormatAgentStorage(storage));
  JsonObjectWriter writer;
  writer.AddObjects("storages", texts);
  return writer.Finish();
}

}  // namespace nydus
