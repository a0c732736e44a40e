// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/check_containerd.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "base/text.h"
#include "ctl/diagnose/doctor/containerd.h"
#include "ctl/diagnose/doctor/containerd_configuration.h"
#include "ctl/diagnose/doctor/snapshotter.h"

namespace nydus {

namespace {

constexpr char kNoSnapshotter[] = "no image can be unpacked and no container be started";
constexpr char kStartSnapshotter[] =
    "start nydus-snapshotter (systemctl start nydus-snapshotter), before containerd";

bool SpeaksOfNydus(const SnapshotPlugin& plugin) {
  return plugin.name.find("nydus") != std::string::npos ||
         plugin.address.find("nydus") != std::string::npos;
}

// The plugin with the snapshotter's own address, else one that is called so.
const SnapshotPlugin* FindNydus(const ContainerdConfiguration& configuration,
                                const SnapshotterView& snapshotter) {
  const auto& plugins = configuration.plugins;
  auto found = std::ranges::find(plugins, snapshotter.settings.address, &SnapshotPlugin::address);
  if (found == plugins.end()) found = std::ranges::find_if(plugins, SpeaksOfNydus);
  return found == plugins.end() ? nullptr : &*found;
}

// 0, or what connect(2) answered. `path` may be longer than an address, so it goes by descriptor.
int ConnectTo(const UniqueFd& file) {
  const UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!client.ok()) return errno;
  const std::string path = NodeView::PathOf(file);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return connect(client.get(), generic, sizeof address) == 0 ? 0 : errno;
}

Finding CheckSocket(const NodeView& node, const SnapshotPlugin& plugin) {
  const std::string name = StrCat("the snapshotter's socket ", Quote(plugin.address));
  const Result<std::optional<UniqueFd>> file = node.OpenPath(plugin.address);
  if (!file) return NotChecked(name, file.error().message, "run as root");
  if (!*file) {
    return Bad("snapshotter-socket-missing", StrCat(name, " does not exist"), kNoSnapshotter,
               kStartSnapshotter);
  }
  struct stat status = {};
  if (fstat((*file)->get(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
    return Bad("snapshotter-socket-dead", StrCat(name, " is no socket"), kNoSnapshotter,
               StrCat("remove it and ", kStartSnapshotter));
  }
  switch (const int error = ConnectTo(**file)) {
    case 0: return Good("snapshotter-socket", StrCat(name, " answers"));
    case EACCES:
    case EPERM: return NotChecked(name, std::strerror(error), "run as root");
    case EAGAIN:
      return Warning("snapshotter-busy", StrCat(name, " accepts no more connections"),
                     "the snapshotter hangs or is overloaded", "look at its log; restart it");
    default:
      return Bad("snapshotter-socket-dead", StrCat(name, ": ", std::strerror(error)),
                 kNoSnapshotter, kStartSnapshotter);
  }
}

bool UsesSnapshotter(const ContainerdConfiguration& configuration, const std::string& name) {
  return configuration.cri_snapshotter == name ||
         std::ranges::find(configuration.runtime_snapshotters, name) !=
             configuration.runtime_snapshotters.end();
}

void CheckCri(const ContainerdConfiguration& configuration, const SnapshotPlugin& plugin,
              Findings& findings) {
  if (!configuration.has_cri) return;
  if (!UsesSnapshotter(configuration, plugin.name)) {
    findings.push_back(Warning(
        "snapshotter-not-selected",
        StrCat("CRI uses the snapshotter ", Quote(configuration.cri_snapshotter)),
        "pods do not get Nydus images; only clients that name the snapshotter themselves do",
        StrCat(R"(set snapshotter = ")", Escape(plugin.name),
               R"(" for CRI's images, or for a runtime)")));
    return;
  }
  if (!configuration.disable_snapshot_annotations || plugin.gets_annotations) {
    findings.push_back(Good("cri", StrCat("CRI uses ", Quote(plugin.name), " with annotations")));
    return;
  }
  findings.push_back(
      Bad("snapshot-annotations-disabled", "CRI gives the snapshotter no annotations",
          "without them it does not know which layers are of a Nydus image, and pulling fails",
          "set disable_snapshot_annotations = false beside CRI's snapshotter = ...; the default "
          "is true"));
}

Findings CheckConfiguration(const NodeView& node, const ContainerdConfiguration& configuration,
                            const SnapshotterView& snapshotter, const std::string& path) {
  const SnapshotPlugin* plugin = FindNydus(configuration, snapshotter);
  if (plugin == nullptr) {
    return {Bad("proxy-plugin-missing", StrCat(Quote(path), " has no proxy plugin for nydus"),
                "containerd does not know the snapshotter",
                StrCat(R"(add [proxy_plugins.nydus] with type = "snapshot" and address = ")",
                       Escape(snapshotter.settings.address), "\", and restart containerd"))};
  }
  Findings findings = {
      Good("proxy-plugin", StrCat("containerd knows the snapshotter ", Quote(plugin->name)))};
  if (snapshotter.IsKnown() && snapshotter.settings.address != plugin->address) {
    findings.push_back(
        Bad("snapshotter-address-differs",
            StrCat("the snapshotter listens at ", Quote(snapshotter.settings.address),
                   ", containerd looks at ", Quote(plugin->address)),
            "containerd does not reach the snapshotter",
            StrCat("give both the same address, in ", Quote(path), " and ",
                   Quote(snapshotter.configuration))));
  }
  findings.push_back(CheckSocket(node, *plugin));
  CheckCri(configuration, *plugin, findings);
  return findings;
}

void AddSeveral(const ContainerdView& containerd, Findings& findings) {
  if (containerd.process_count < 2) return;
  findings.push_back(Note("containerd-several",
                          StrCat(containerd.process_count, " processes are called containerd"),
                          StrCat("only process ", containerd.process->id, " was looked at"),
                          "name another one's configuration with --containerd-config"));
}

void AddNamespace(const NodeView& node, const ContainerdView& containerd, Findings& findings) {
  if (!containerd.process) return;
  const auto theirs = node.LinkTarget(containerd.process->PathOf("ns/mnt"));
  const auto ours = node.LinkTarget("/proc/self/ns/mnt");
  if (!theirs || !ours || theirs == ours) return;
  findings.push_back(Warning(
      "containerd-namespace",
      StrCat("containerd (process ", containerd.process->id, ") has a mount namespace of its own"),
      "it may see other files than this check did",
      StrCat("repeat with nsenter -t ", containerd.process->id, " -m")));
}

}  // namespace

Findings CheckContainerd(const NodeView& node, const DoctorOptions& options) {
  const ContainerdView containerd = FindContainerd(node, options);
  const SnapshotterView snapshotter = FindSnapshotter(node, options);
  const auto configuration = ReadContainerdConfiguration(node, containerd.configuration);
  Findings findings;
  AddSeveral(containerd, findings);
  AddNamespace(node, containerd, findings);
  if (!configuration && configuration.error().errno_value == EACCES) {
    findings.push_back(
        NotChecked("containerd's configuration", configuration.error().message, "run as root"));
  } else if (!configuration) {
    findings.push_back(Bad("containerd-configuration-invalid", configuration.error().message,
                           "containerd does not start with it", "correct the file"));
  } else if (*configuration) {
    std::ranges::move(
        CheckConfiguration(node, **configuration, snapshotter, containerd.configuration),
        std::back_inserter(findings));
  } else if (containerd.process) {
    std::ranges::move(CheckConfiguration(node, {}, snapshotter, containerd.configuration),
                      std::back_inserter(findings));
  } else {
    findings.push_back(NotChecked(
        "containerd's configuration",
        StrCat("no containerd runs and ", Quote(containerd.configuration), " does not exist"),
        "start containerd, or name its file with --containerd-config"));
  }
  return findings;
}

}  // namespace nydus
