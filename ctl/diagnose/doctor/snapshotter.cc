// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/snapshotter.h"

#include <cerrno>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"
#include "ctl/configuration/toml.h"

namespace nydus {

namespace {

constexpr char kDefaultConfiguration[] = "/etc/nydus/config.toml";

// containerd-nydus-grpc, as the kernel cuts it.
constexpr char kProcessName[] = "containerd-nydu";

void Set(std::string& setting, std::optional<std::string> value) {
  // An empty text means the default, as in the snapshotter's merge of the two.
  if (value && !value->empty()) setting = std::move(*value);
}

void Set(bool& setting, std::optional<bool> value) {
  if (value) setting = *value;
}

void ApplyFile(const TomlDocument& file, SnapshotterSettings& settings) {
  // Unlike the others, the version has no default in a file.
  settings.version = file.Integer({"version"}).value_or(0);
  Set(settings.root, file.String({"root"}));
  Set(settings.address, file.String({"address"}));
  Set(settings.daemon_mode, file.String({"daemon_mode"}));
  Set(settings.fs_driver, file.String({"daemon", "fs_driver"}));
  Set(settings.nydusd_path, file.String({"daemon", "nydusd_path"}));
  Set(settings.nydusd_configuration, file.String({"daemon", "nydusd_config"}));
  Set(settings.nydus_image_path, file.String({"daemon", "nydusimage_path"}));
  Set(settings.enable_nydus_overlayfs, file.Boolean({"snapshot", "enable_nydus_overlayfs"}));
  Set(settings.helper, file.String({"snapshot", "nydus_overlayfs_path"}));
  Set(settings.enable_kata_volume, file.Boolean({"snapshot", "enable_kata_volume"}));
  Set(settings.enable_overlayfs_volatile, file.Boolean({"snapshot", "enable_overlayfs_volatile"}));
  Set(settings.mount_tarfs_on_host, file.Boolean({"experimental", "tarfs", "mount_tarfs_on_host"}));
}

// internal/flags/flags.go of the snapshotter.
void ApplyFlags(const Process& process, SnapshotterSettings& settings) {
  Set(settings.root, process.Flag({"root"}));
  Set(settings.address, process.Flag({"address"}));
  Set(settings.daemon_mode, process.Flag({"daemon-mode"}));
  Set(settings.fs_driver, process.Flag({"fs-driver"}));
  Set(settings.nydusd_path, process.Flag({"nydusd"}));
  Set(settings.nydusd_configuration, process.Flag({"nydusd-config", "config-path"}));
  Set(settings.nydus_image_path, process.Flag({"nydus-image"}));
  Set(settings.helper, process.Flag({"nydus-overlayfs-path"}));
}

Result<TomlDocument> ReadDocument(const NodeView& node, const std::string& path) {
  const Result<std::optional<std::string>> text = node.Read(path, kMaxConfigurationBytes);
  if (!text) return Failure(text.error());
  if (!*text) return FailErrno(ErrorKind::kSystem, ENOENT, Escape(path));
  Result<TomlDocument> document = TomlDocument::Parse(**text);
  if (!document) return Failure(Wrap(std::move(document.error()), Escape(path)));
  return document;
}

// A running snapshotter without the flag reads no file at all.
std::string ConfigurationOf(const std::optional<Process>& process, const DoctorOptions& options) {
  if (!options.snapshotter_configuration.empty()) return options.snapshotter_configuration;
  if (!process) return kDefaultConfiguration;
  const std::optional<std::string> path = process->Configuration();
  if (path && !path->starts_with('/')) return kDefaultConfiguration;
  return path.value_or("");
}

}  // namespace

SnapshotterView FindSnapshotter(const NodeView& node, const DoctorOptions& options) {
  SnapshotterView view;
  view.process =
      ChooseProcess(FindProcesses(node, kProcessName), options.snapshotter_configuration);
  view.configuration = ConfigurationOf(view.process, options);
  if (!view.configuration.empty()) {
    const Result<TomlDocument> document = ReadDocument(node, view.configuration);
    if (!document) {
      view.failure = document.error();
      return view;
    }
    ApplyFile(*document, view.settings);
  }
  if (view.process) ApplyFlags(*view.process, view.settings);
  return view;
}

}  // namespace nydus
