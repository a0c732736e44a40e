// SPDX-License-Identifier: Apache-2.0
#include "kata/shared_file_name.h"

#include <array>
#include <charconv>

#include "base/text.h"
#include "base/utf8.h"
#include "kata/sandbox_paths.h"

namespace nydus {

namespace {

constexpr std::size_t kNumberDigits = 16;
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string HexDigits(std::uint64_t number) {
  std::array<char, kNumberDigits> digits = {};
  const char* end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
  const std::string_view written(digits.begin(), end);
  return std::string(kNumberDigits - written.size(), '0').append(written);
}

Failure Refused(std::string_view destination, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat("destination ", Quote(destination), " ", why));
}

// What follows `directory` and a slash, if that is a name.
std::optional<std::string> NameIn(std::string_view directory, std::string_view path) {
  if (!path.starts_with(directory)) return std::nullopt;
  path.remove_prefix(directory.size());
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  if (path.empty() || path.contains('/')) return std::nullopt;
  return std::string(path);
}

}  // namespace

Result<std::string> SharedFileName(std::string_view container, std::uint64_t number,
                                   std::string_view destination) {
  std::string_view path = destination;
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::string_view base = LastComponent(path);
  if (!path.starts_with('/') || base == "." || base == "..") {
    return Refused(destination, "is not an absolute path that ends in a name");
  }
  // A record is JSON.
  if (!IsUtf8(base)) return Refused(destination, "is no UTF-8");
  std::string name = StrCat(container, "-", HexDigits(number), "-", base);
  if (name.size() > kMaxFileNameBytes) {
    return Refused(destination, StrCat("ends in a name of more than ",
                                       kMaxFileNameBytes - (name.size() - base.size()),
                                       " bytes, all that the container's name leaves"));
  }
  return name;
}

bool IsSharedFileName(std::string_view container, std::string_view name) {
  if (name.size() > kMaxFileNameBytes || name.contains('/') || name.contains('\0')) return false;
  if (!name.starts_with(container)) return false;
  const std::string_view rest = name.substr(container.size());
  if (rest.size() < kNumberDigits + 3 || rest[0] != '-' || rest[kNumberDigits + 1] != '-') {
    return false;
  }
  return rest.substr(1, kNumberDigits).find_first_not_of(kHexDigits) == std::string_view::npos;
}

std::optional<std::string> NameOfSharedFile(std::string_view text, std::string_view submounts) {
  if (!text.contains('/')) return std::string(text);
  if (const auto name = NameIn(kGuestContainersDirectory, text)) return name;
  return NameIn(submounts, text);
}

}  // namespace nydus
