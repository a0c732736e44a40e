// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/containerd_configuration.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <set>
#include <string_view>
#include <utility>

#include <fnmatch.h>

#include "base/file_reading.h"
#include "base/text.h"
#include "ctl/configuration/toml.h"

namespace nydus {

namespace {

// CRI's plugins: one in version 2, two since version 3; version 1 has short names.
constexpr std::string_view kCri = "io.containerd.grpc.v1.cri";
constexpr std::string_view kCriImages = "io.containerd.cri.v1.images";
constexpr std::string_view kCriRuntime = "io.containerd.cri.v1.runtime";
constexpr std::string_view kShortCri = "cri";

using Documents = std::vector<TomlDocument>;

// The value of the last file that has one.
std::optional<std::string> LastString(const Documents& files, TomlPath path) {
  std::optional<std::string> found;
  for (const TomlDocument& file : files) {
    if (auto value = file.String(path)) found = std::move(value);
  }
  return found;
}

std::optional<bool> LastBoolean(const Documents& files, TomlPath path) {
  std::optional<bool> found;
  for (const TomlDocument& file : files) {
    if (const auto value = file.Boolean(path)) found = value;
  }
  return found;
}

std::set<std::string> AllKeys(const Documents& files, TomlPath path) {
  std::set<std::string> keys;
  for (const TomlDocument& file : files) {
    for (std::string& key : file.Keys(path)) keys.insert(std::move(key));
  }
  return keys;
}

std::string_view DirectoryOf(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}

// Paths of one entry of `imports`; only the last component may be a pattern.
std::vector<std::string> Resolve(const NodeView& node, const std::string& parent,
                                 const std::string& import) {
  const std::string path =
      import.starts_with('/') ? import : StrCat(DirectoryOf(parent), "/", import);
  if (path.find('*') == std::string::npos) return {path};
  const std::string directory(DirectoryOf(path));
  const std::string pattern = path.substr(directory.size() + 1);
  std::vector<std::string> found;
  for (const std::string& name : node.List(directory)) {
    if (fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0) {
      found.push_back(StrCat(directory, "/", name));
    }
  }
  return found;
}

Result<std::optional<TomlDocument>> ReadFile(const NodeView& node, const std::string& path) {
  const Result<std::optional<std::string>> text = node.Read(path, kMaxConfigurationBytes);
  if (!text) return Failure(text.error());
  if (!*text) return std::nullopt;
  Result<TomlDocument> document = TomlDocument::Parse(**text);
  if (!document) return Failure(Wrap(std::move(document.error()), Escape(path)));
  return std::move(*document);
}

// None if the first file does not exist.
Result<Documents> ReadFiles(const NodeView& node, const std::string& first) {
  Documents files;
  std::set<std::string> known = {first};
  for (std::deque<std::string> pending = {first}; !pending.empty(); pending.pop_front()) {
    const std::string& path = pending.front();
    Result<std::optional<TomlDocument>> file = ReadFile(node, path);
    if (!file) return Failure(std::move(file.error()));
    if (!*file && path == first) return files;
    if (!*file) return FailErrno(ErrorKind::kUsage, ENOENT, StrCat("import ", Quote(path)));
    for (const std::string& import : (*file)->Strings({"imports"})) {
      for (std::string& found : Resolve(node, path, import)) {
        if (known.insert(found).second) pending.push_back(std::move(found));
      }
    }
    if (known.size() > kMaxConfigurationFiles) {
      return Fail(ErrorKind::kSystem,
                  StrCat(Escape(first), ": imports more than ", kMaxConfigurationFiles, " files"));
    }
    files.push_back(std::move(**file));
  }
  return files;
}

std::vector<SnapshotPlugin> SnapshotPlugins(const Documents& files) {
  std::vector<SnapshotPlugin> plugins;
  for (const std::string& name : AllKeys(files, {"proxy_plugins"})) {
    if (LastString(files, {"proxy_plugins", name, "type"}) != "snapshot") continue;
    std::string address = LastString(files, {"proxy_plugins", name, "address"}).value_or("");
    constexpr std::string_view kScheme = "unix://";
    if (address.starts_with(kScheme)) address.erase(0, kScheme.size());
    const auto annotations =
        LastString(files, {"proxy_plugins", name, "exports", "enable_remote_snapshot_annotations"});
    plugins.push_back(
        {.name = name, .address = std::move(address), .gets_annotations = annotations == "true"});
  }
  return plugins;
}

bool HasCri(const Documents& files) {
  return std::ranges::none_of(files, [](const TomlDocument& file) {
    const std::vector<std::string> disabled = file.Strings({"disabled_plugins"});
    return std::ranges::any_of(disabled, [](std::string_view name) {
      return name == kCri || name == kCriImages || name == kShortCri;
    });
  });
}

void SetCri(const Documents& files, ContainerdConfiguration& configuration) {
  configuration.has_cri = HasCri(files);
  for (const std::string_view plugin : {kShortCri, kCri}) {
    const TomlPath snapshotter = {"plugins", plugin, "containerd", "snapshotter"};
    if (auto name = LastString(files, snapshotter)) configuration.cri_snapshotter = *name;
    const TomlPath annotations = {"plugins", plugin, "containerd", "disable_snapshot_annotations"};
    if (auto value = LastBoolean(files, annotations)) {
      configuration.disable_snapshot_annotations = *value;
    }
  }
  if (auto name = LastString(files, {"plugins", kCriImages, "snapshotter"})) {
    configuration.cri_snapshotter = *name;
  }
  if (auto value = LastBoolean(files, {"plugins", kCriImages, "disable_snapshot_annotations"})) {
    configuration.disable_snapshot_annotations = *value;
  }
  for (const std::string_view plugin : {kShortCri, kCri, kCriRuntime}) {
    for (const std::string& name : AllKeys(files, {"plugins", plugin, "containerd", "runtimes"})) {
      const TomlPath path = {"plugins", plugin, "containerd", "runtimes", name, "snapshotter"};
      if (auto found = LastString(files, path)) {
        configuration.runtime_snapshotters.push_back(std::move(*found));
      }
    }
  }
  for (const std::string& name : AllKeys(files, {"plugins", kCriImages, "runtime_platforms"})) {
    const TomlPath path = {"plugins", kCriImages, "runtime_platforms", name, "snapshotter"};
    if (auto found = LastString(files, path)) {
      configuration.runtime_snapshotters.push_back(std::move(*found));
    }
  }
}

}  // namespace

Result<std::optional<ContainerdConfiguration>> ReadContainerdConfiguration(
    const NodeView& node, const std::string& path) {
  const Result<Documents> files = ReadFiles(node, path);
  if (!files) return Failure(files.error());
  if (files->empty()) return std::nullopt;
  ContainerdConfiguration configuration{.plugins = SnapshotPlugins(*files)};
  SetCri(*files, configuration);
  return configuration;
}

}  // namespace nydus
