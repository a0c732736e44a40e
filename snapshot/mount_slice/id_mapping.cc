// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/id_mapping.h"

#include <limits>

#include <charconv>
#include <string>
#include <string_view>

#include "base/text.h"

namespace nydus {

namespace {

Failure Bad(std::string_view label, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat("label ", label, ": ", why));
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<std::uint32_t> ParseNumber(std::string_view text) {
  const std::string_view digits = Trim(text);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::optional<IdMapping> ParseThreeNumbers(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = text.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto internal = ParseNumber(text.substr(0, first));
  const auto external = ParseNumber(text.substr(first + 1, second - first - 1));
  const auto size = ParseNumber(text.substr(second + 1));
  if (!internal || !external || !size) return std::nullopt;
  return IdMapping{*internal, *external, *size};
}

std::string_view ValueOf(const Labels& labels, std::string_view name) {
  const auto found = labels.find(std::string(name));
  return found == labels.end() ? std::string_view() : found->second;
}

}  // namespace

Result<std::optional<IdMapping>> ReadIdMapping(const Labels& labels) {
  const std::string_view uid = ValueOf(labels, label::kUidMapping);
  const std::string_view gid = ValueOf(labels, label::kGidMapping);
  if (uid.empty() && gid.empty()) return std::nullopt;
  if (uid.empty()) return Bad(label::kUidMapping, "is missing, with one for groups given");
  if (gid.empty()) return Bad(label::kGidMapping, "is missing, with one for users given");
  if (uid != gid) return Bad(label::kGidMapping, "differs from the one for users");
  const std::optional<IdMapping> mapping = ParseThreeNumbers(uid);
  if (!mapping) return Bad(label::kUidMapping, "is not INTERNAL:EXTERNAL:SIZE");
  if (mapping->size == 0) return Bad(label::kUidMapping, "has the size 0");
  const std::uint32_t highest_start = std::numeric_limits<std::uint32_t>::max() - mapping->size;
  if (mapping->internal > highest_start || mapping->external > highest_start) {
    return Bad(label::kUidMapping, "reaches beyond 2^32-1");
  }
  return mapping;
}

}  // namespace nydus
