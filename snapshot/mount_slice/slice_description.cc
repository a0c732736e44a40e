// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/slice_description.h"

#include <utility>

#include "snapshot/payload/json_reading.h"

namespace nydus {

namespace {

Failure Bad(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

Result<> ReadBool(bool& field, const JsonValue& value) {
  if (value.kind != JsonValue::Kind::kBool) return Bad("is neither true nor false");
  field = value.boolean;
  return {};
}

Result<> ReadKind(SnapshotKind& field, const JsonValue& value, const JsonReading& reading) {
  std::string name;
  if (Result<> read = ReadString(name, value, reading); !read) return read;
  if (name == "active") {
    field = SnapshotKind::kActive;
  } else if (name == "view") {
    field = SnapshotKind::kView;
  } else if (name == "committed") {
    field = SnapshotKind::kCommitted;
  } else {
    return Bad("is not active, view or committed");
  }
  return {};
}

Result<> ReadLabels(Labels& field, const JsonValue& value, const JsonReading& reading) {
  std::optional<JsonMap> map;
  if (Result<> read = ReadMap(map, value, reading); !read) return read;
  field = std::move(*map);
  return {};
}

Result<> ReadLayers(std::vector<Labels>& field, const JsonValue& value,
                    const JsonReading& reading) {
  if (value.kind != JsonValue::Kind::kArray) return Bad("is not an array");
  if (value.elements.size() > kMaxParents) {
    return Bad("are more than " + std::to_string(kMaxParents));
  }
  for (const JsonValue& element : value.elements) {
    field.emplace_back();
    if (Result<> read = ReadLabels(field.back(), element, reading); !read) return read;
  }
  return {};
}

using Description = SliceDescription;

constexpr JsonField<RafsInstance> kExtraOptionFields[] = {
    {"bootstrap",
     [](RafsInstance& rafs, const JsonValue& value, const JsonReading& reading) {
       return ReadString(rafs.bootstrap, value, reading);
     },
     true},
    {"config",
     [](RafsInstance& rafs, const JsonValue& value, const JsonReading& reading) {
       return ReadString(rafs.config, value, reading);
     },
     true},
    {"fs_version",
     [](RafsInstance& rafs, const JsonValue& value, const JsonReading& reading) {
       return ReadString(rafs.fs_version, value, reading);
     }},
};

constexpr JsonField<KataVolumesInput> kKataVolumesFields[] = {
    {"layers",
     [](KataVolumesInput& input, const JsonValue& value, const JsonReading& reading) {
       return ReadLayers(input.layers, value, reading);
     },
     true},
    {"cache_directory",
     [](KataVolumesInput& input, const JsonValue& value, const JsonReading& reading) {
       return ReadString(input.cache_directory, value, reading);
     }},
};

constexpr JsonField<Description::Rafs> kRafsFields[] = {
    {"directory",
     [](Description::Rafs& rafs, const JsonValue& value, const JsonReading& reading) {
       return ReadString(rafs.directory, value, reading);
     },
     true},
    {"layers_above",
     [](Description::Rafs& rafs, const JsonValue& value, const JsonReading& reading) {
       return ReadStrings(rafs.layers_above, value, reading);
     }},
    {"extra_option",
     [](Description::Rafs& rafs, const JsonValue& value, const JsonReading& reading) {
       return ReadObject(rafs.extra_option.emplace(), kExtraOptionFields, value, reading);
     }},
    {"kata_volumes",
     [](Description::Rafs& rafs, const JsonValue& value, const JsonReading& reading) {
       return ReadObject(rafs.kata_volumes.emplace(), kKataVolumesFields, value, reading);
     }},
};

constexpr JsonField<Description::Proxy> kProxyFields[] = {
    {"snapshots_root",
     [](Description::Proxy& proxy, const JsonValue& value, const JsonReading& reading) {
       return ReadString(proxy.snapshots_root, value, reading);
     }},
};

constexpr JsonField<Description> kFields[] = {
    {"kind",
     [](Description& slice, const JsonValue& value, const JsonReading& reading) {
       return ReadKind(slice.snapshot.kind, value, reading);
     }},
    {"directory",
     [](Description& slice, const JsonValue& value, const JsonReading& reading) {
       return ReadString(slice.snapshot.directory, value, reading);
     },
     true},
    {"parents",
     [](Description& slice, const JsonValue& value, const JsonReading& reading) {
       return ReadStrings(slice.snapshot.parents, value, reading);
     }},
    {"labels", [](Description& slice, const JsonValue& value,
                  const JsonReading& reading) { return ReadLabels(slice.labels, value, reading); }},
    {"volatile", [](Description& slice, const JsonValue& value,
                    const JsonReading&) { return ReadBool(slice.is_volatile, value); }},
    {"helper", [](Description& slice, const JsonValue& value,
                  const JsonReading& reading) { return ReadString(slice.helper, value, reading); }},
    {"rafs",
     [](Description& slice, const JsonValue& value, const JsonReading& reading) {
       return ReadObject(slice.rafs.emplace(), kRafsFields, value, reading);
     }},
    {"proxy",
     [](Description& slice, const JsonValue& value, const JsonReading& reading) {
       return ReadObject(slice.proxy.emplace(), kProxyFields, value, reading);
     }},
};

bool IsVolatile(const Description& slice) {
  return slice.is_volatile || slice.labels.contains(std::string(label::kVolatile));
}

Result<Mount> BuildRafsMount(const Description& slice, const Description::Rafs& rafs) {
  const RemoteMountInput input{.snapshot = slice.snapshot,
                               .rafs_directory = rafs.directory,
                               .layers_above = rafs.layers_above,
                               .is_volatile = IsVolatile(slice),
                               .helper = slice.helper};
  if (rafs.extra_option) return BuildRemoteMountWithExtraOption(input, *rafs.extra_option);
  if (!rafs.kata_volumes) return BuildRemoteMount(input);
  const Result<std::vector<KataVolume>> volumes = KataVolumesFor(*rafs.kata_volumes);
  if (!volumes) return Failure(Wrap(volumes.error(), "kata_volumes"));
  return BuildRemoteMountWithKataVolumes(input, *volumes);
}

}  // namespace

Result<SliceDescription> ReadSliceDescription(const JsonValue& value) {
  SliceDescription slice;
  JsonOddities oddities;
  // Rust's rules are the strict ones: exact keys, no duplicates, no null.
  const JsonReading reading{.dialect = JsonDialect::kRust, .oddities = &oddities};
  if (Result<> read = ReadObject(slice, kFields, value, reading); !read) {
    return Failure(std::move(read.error()));
  }
  if (oddities.unknown_key) return Bad("holds an unknown key");
  if (oddities.duplicate_key) return Bad("holds a label twice");
  if (slice.rafs && slice.proxy) return Bad("rafs and proxy exclude each other");
  if (slice.rafs && slice.rafs->extra_option && slice.rafs->kata_volumes) {
    return Bad("rafs: extra_option and kata_volumes exclude each other");
  }
  if (slice.rafs && slice.rafs->kata_volumes && !slice.rafs->kata_volumes->layers.empty()) {
    KataVolumesInput& input = *slice.rafs->kata_volumes;
    input.annotations = RafsAnnotations(input.layers.front());
  }
  return slice;
}

Result<Mount> BuildMount(const SliceDescription& description) {
  if (description.rafs) return BuildRafsMount(description, *description.rafs);
  if (description.proxy) {
    return BuildProxyMount({.snapshot = description.snapshot,
                            .snapshots_root = description.proxy->snapshots_root,
                            .helper = description.helper});
  }
  const auto id_mapping = ReadIdMapping(description.labels);
  if (!id_mapping) return Failure(Wrap(id_mapping.error(), "labels"));
  return BuildNativeMount({.snapshot = description.snapshot,
                           .is_volatile = IsVolatile(description),
                           .id_mapping = *id_mapping});
}

}  // namespace nydus
