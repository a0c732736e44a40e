// SPDX-License-Identifier: Apache-2.0
#include "base/share_layout.h"

namespace nydus {

namespace {

constexpr std::string_view kGoName = "go";
constexpr std::string_view kRustName = "rs";

}  // namespace

std::optional<ShareLayout> ParseShareLayout(std::string_view name) {
  if (name == kGoName) return ShareLayout::kGo;
  if (name == kRustName) return ShareLayout::kRust;
  return std::nullopt;
}

std::string_view ShareLayoutName(ShareLayout layout) {
  return layout == ShareLayout::kGo ? kGoName : kRustName;
}

}  // namespace nydus
