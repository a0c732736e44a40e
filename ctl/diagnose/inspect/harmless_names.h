// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ctl/diagnose/inspect/value_kind.h"

// Which names inside payloads may be shown with their values. Whoever adds one says with it that
// no value of its kind is a credential, whoever wrote it.
namespace nydus {

struct NamedValue {
  std::string_view name;
  ValueKind kind;
};

// The kind of the value called `name`; nothing if it is not listed.
std::optional<ValueKind> FindKind(std::span<const NamedValue> values, std::string_view name);

// Names are paths of members from the root of one kind of JSON, joined by dots; `[]` is any
// element.
struct HarmlessNames {
  std::span<const NamedValue> values;
  std::span<const std::string_view> label_maps;  // prefixes of maps of labels
  std::string_view nested_json;                  // a text that holds nydusd's configuration
  std::string_view options;                      // a list of mount flags and labels
};

HarmlessNames ExtraOptionNames();
HarmlessNames KataVolumeNames();

// nydusd: docs/nydusd.md and api/src/config.rs, both shapes.
HarmlessNames NydusdConfigurationNames();

// Labels of snapshots and metadata of volumes; nothing for those whose values may not be shown.
std::optional<ValueKind> KindOfLabel(std::string_view name);
bool IsHarmlessLabel(std::string_view name);

// True for a single name that may itself be shown, be its value masked or not.
bool IsKnownName(std::string_view name);

}  // namespace nydus
