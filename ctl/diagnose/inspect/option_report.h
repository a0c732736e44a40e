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
  // Names that must not be shown, as written. A message may repeat them: see WithoutNames().
  std::vector<std::string> hidden_names;
  bool cut = false;  // there were more than kMaxInspectedOptions
};

// How many options of one mount are looked at: more than a payload for each layer.
inline constexpr std::size_t kMaxInspectedOptions = 1024;

// The first kMaxInspectedOptions.
OptionReports ReportOptions(std::string_view options);

// `message` with each hidden name that it quotes masked.
std::string WithoutNames(std::string message, const std::vector<std::string>& hidden_names);

}  // namespace nydus
