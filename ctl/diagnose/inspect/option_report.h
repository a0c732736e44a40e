// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/diagnose/inspect/inspection.h"

namespace nydus {

// The options of a mount, each with its meaning from the option table, and the payloads among them.
struct OptionReports {
  std::vector<OptionReport> options;
  std::vector<Payload> payloads;
  // Names, directories and layers that must not be shown. A message may repeat them: see
  // WithoutHidden().
  std::vector<std::string> hidden;
  bool hidden_cut = false;  // there were more than kMaxHiddenTexts: then show no message at all
  bool cut = false;         // there were more than kMaxInspectedOptions
};

// How many options of one mount are looked at: more than a payload for each layer.
inline constexpr std::size_t kMaxInspectedOptions = 1024;

// How many texts are looked for in messages: as many names, and the layers of an image or two.
inline constexpr std::size_t kMaxHiddenTexts = 2 * kMaxInspectedOptions;

// The first kMaxInspectedOptions.
OptionReports ReportOptions(std::string_view options);

// `message` with each hidden text that it quotes masked.
std::string WithoutHidden(std::string message, const std::vector<std::string>& hidden);

}  // namespace nydus
