// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

// Which names inside payloads may be shown with their values. Whoever adds one says with it that
// its value is never a credential, whoever wrote it.
namespace nydus {

// Paths of members from the root of one kind of JSON, joined by dots; `[]` is any element.
struct HarmlessNames {
  std::span<const std::string_view> texts;
  std::span<const std::string_view> numbers;     // shown if a number or a boolean, else masked
  std::span<const std::string_view> label_maps;  // prefixes of maps of labels
  std::string_view nested_json;                  // a text that holds nydusd's configuration
  std::string_view options;                      // a list of mount flags and labels
};

HarmlessNames ExtraOptionNames();
HarmlessNames KataVolumeNames();

// nydusd: docs/nydusd.md and api/src/config.rs, both shapes.
HarmlessNames NydusdConfigurationNames();

// Labels of snapshots and metadata of volumes whose values may be shown.
bool IsHarmlessLabel(std::string_view name);

// True for a single name that may itself be shown, be its value masked or not.
bool IsKnownName(std::string_view name);

}  // namespace nydus
