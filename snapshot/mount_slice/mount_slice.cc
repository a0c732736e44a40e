// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/mount_slice.h"

#include <string_view>
#include <utility>

#include "base/text.h"
#include "snapshot/mount_slice/directory.h"
#include "snapshot/mount_slice/kata_volumes.h"
#include "snapshot/mount_slice/payload_options.h"
#include "snapshot/payload/volume_validation.h"

namespace nydus {

namespace {

constexpr std::string_view kOverlay = "overlay";

std::string FilesOf(std::string_view snapshot_directory) {
  return JoinPath(snapshot_directory, "fs");
}

Result<> CheckDirectories(std::string_view field, const std::vector<std::string>& directories) {
  if (directories.size() > kMaxParents) {
    return Fail(ErrorKind::kUsage, StrCat(field, ": are more than ", kMaxParents));
  }
  for (const std::string& directory : directories) {
    if (Result<> valid = CheckDirectory(field, directory); !valid) return valid;
  }
  return {};
}

Result<> CheckSnapshot(const Snapshot& snapshot) {
  if (Result<> valid = CheckDirectory("directory", snapshot.directory); !valid) return valid;
  return CheckDirectories("parents", snapshot.parents);
}

void AppendOwnDirectories(const Snapshot& snapshot, std::vector<std::string>& options) {
  options.push_back(StrCat("workdir=", JoinPath(snapshot.directory, "work")));
  options.push_back(StrCat("upperdir=", FilesOf(snapshot.directory)));
}

std::string LowerDirectories(const std::vector<std::string>& directories) {
  std::string joined;
  for (const std::string& directory : directories) {
    if (!joined.empty()) joined += ':';
    joined += directory;
  }
  return StrCat("lowerdir=", joined);
}

std::vector<std::string> FilesOfAll(const std::vector<std::string>& snapshot_directories) {
  std::vector<std::string> files;
  files.reserve(snapshot_directories.size());
  for (const std::string& directory : snapshot_directories) files.push_back(FilesOf(directory));
  return files;
}

std::vector<std::string> IdMapOptions(const std::optional<IdMapping>& mapping) {
  if (!mapping) return {};
  const std::string numbers = StrCat(mapping->internal, ":", mapping->external, ":", mapping->size);
  return {StrCat("uidmap=", numbers), StrCat("gidmap=", numbers)};
}

Mount Bind(std::string source, std::string_view access, std::vector<std::string> more) {
  Mount mount{
      .type = "bind", .source = std::move(source), .options = {std::string(access), "rbind"}};
  mount.options.insert(mount.options.end(), more.begin(), more.end());
  return mount;
}

Mount Overlay(std::vector<std::string> options) {
  return {.type = std::string(kOverlay),
          .source = std::string(kOverlay),
          .options = std::move(options)};
}

Mount ForHelper(std::string_view helper, std::vector<std::string> options) {
  return {.type = StrCat("fuse.", helper.empty() ? kDefaultHelper : helper),
          .source = std::string(kOverlay),
          .options = std::move(options)};
}

Result<> CheckHelper(std::string_view helper) {
  if (helper.find_first_of(std::string_view(" \t\n,\0", 5)) != std::string_view::npos) {
    return Fail(ErrorKind::kUsage,
                StrCat("helper: ", Quote(helper), " holds white space, a comma or a NUL byte"));
  }
  return {};
}

Result<> AppendVolumes(const std::vector<KataVolume>& volumes, std::vector<std::string>& options) {
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const auto in_context = [&](Error error) {
      return Failure(Wrap(std::move(error), StrCat("volume ", i + 1, " of ", volumes.size())));
    };
    if (Result<> valid = ValidateForSnapshotter(volumes[i]); !valid) {
      return in_context(std::move(valid.error()));
    }
    Result<std::string> option = EncodeKataVolume(volumes[i]);
    if (!option) return in_context(std::move(option.error()));
    options.push_back(std::move(*option));
  }
  return {};
}

Result<> CheckRemote(const RemoteMountInput& input) {
  if (Result<> valid = CheckDirectory("directory", input.snapshot.directory); !valid) return valid;
  if (Result<> valid = CheckDirectory("rafs_directory", input.rafs_directory); !valid) return valid;
  if (Result<> valid = CheckDirectories("layers_above", input.layers_above); !valid) return valid;
  return CheckHelper(input.helper);
}

Result<std::vector<std::string>> RemoteOptions(const RemoteMountInput& input) {
  if (Result<> valid = CheckRemote(input); !valid) return Failure(std::move(valid.error()));
  std::vector<std::string> options;
  if (input.is_volatile) options.emplace_back("volatile");
  std::vector<std::string> lower = FilesOfAll(input.layers_above);
  lower.push_back(input.rafs_directory);
  if (input.snapshot.kind == SnapshotKind::kActive) AppendOwnDirectories(input.snapshot, options);
  if (input.snapshot.kind == SnapshotKind::kView) {
    lower.push_back(FilesOf(input.snapshot.directory));
  }
  options.push_back(LowerDirectories(lower));
  return options;
}

}  // namespace

Result<Mount> BuildNativeMount(const NativeMountInput& input) {
  const Snapshot& snapshot = input.snapshot;
  if (Result<> valid = CheckSnapshot(snapshot); !valid) return Failure(std::move(valid.error()));
  std::vector<std::string> id_map = IdMapOptions(input.id_mapping);
  if (snapshot.parents.empty()) {
    const bool read_only = snapshot.kind == SnapshotKind::kView;
    return Bind(FilesOf(snapshot.directory), read_only ? "ro" : "rw", std::move(id_map));
  }
  const bool is_active = snapshot.kind == SnapshotKind::kActive;
  if (!is_active && snapshot.parents.size() == 1) {
    return Bind(FilesOf(snapshot.parents.front()), "ro", std::move(id_map));
  }
  std::vector<std::string> options;
  if (is_active) {
    AppendOwnDirectories(snapshot, options);
    if (input.is_volatile) options.emplace_back("volatile");
  }
  options.insert(options.end(), id_map.begin(), id_map.end());
  options.push_back(LowerDirectories(FilesOfAll(snapshot.parents)));
  return Overlay(std::move(options));
}

Result<Mount> BuildRemoteMount(const RemoteMountInput& input) {
  Result<std::vector<std::string>> options = RemoteOptions(input);
  if (!options) return Failure(std::move(options.error()));
  return Overlay(std::move(*options));
}

Result<Mount> BuildRemoteMountWithExtraOption(const RemoteMountInput& input,
                                              const RafsInstance& rafs) {
  Result<std::vector<std::string>> options = RemoteOptions(input);
  if (!options) return Failure(std::move(options.error()));
  Result<std::string> extra = EncodeExtraOption({.source = rafs.bootstrap,
                                                 .config = rafs.config,
                                                 .snapshot_dir = input.snapshot.directory,
                                                 .fs_version = rafs.fs_version});
  if (!extra) return Failure(Wrap(std::move(extra.error()), kExtraOptionName));
  options->push_back(std::move(*extra));
  return ForHelper(input.helper, std::move(*options));
}

Result<Mount> BuildRemoteMountWithKataVolumes(const RemoteMountInput& input,
                                              const std::vector<KataVolume>& volumes) {
  if (volumes.empty()) return BuildRemoteMount(input);
  Result<std::vector<std::string>> options = RemoteOptions(input);
  if (!options) return Failure(std::move(options.error()));
  if (Result<> added = AppendVolumes(volumes, *options); !added) {
    return Failure(std::move(added.error()));
  }
  return ForHelper(input.helper, std::move(*options));
}

Result<Mount> BuildProxyMount(const ProxyMountInput& input) {
  const Snapshot& snapshot = input.snapshot;
  Result<> valid = CheckSnapshot(snapshot);
  if (valid) valid = CheckHelper(input.helper);
  if (valid && snapshot.parents.empty()) {
    valid = CheckDirectory("snapshots_root", input.snapshots_root);
  }
  if (!valid) return Failure(std::move(valid.error()));
  std::vector<std::string> options;
  if (snapshot.kind == SnapshotKind::kActive) AppendOwnDirectories(snapshot, options);
  options.push_back(LowerDirectories(snapshot.parents.empty() ? std::vector{input.snapshots_root}
                                                              : FilesOfAll(snapshot.parents)));
  if (Result<> added = AppendVolumes({GuestPullVolume({})}, options); !added) {
    return Failure(std::move(added.error()));
  }
  return ForHelper(input.helper, std::move(options));
}

}  // namespace nydus
