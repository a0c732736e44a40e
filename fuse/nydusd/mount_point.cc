// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/mount_point.h"

#include <algorithm>

#include "base/text.h"
#include "base/utf8.h"

namespace nydus {

namespace {

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == '/';
}

Failure BadMountPoint(std::string_view path, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat("mount point ", Quote(path), " ", why));
}

}  // namespace

std::string RafsMountPoint(std::string_view container) {
  return StrCat("/rafs/", container, "/lowerdir");
}

Result<> CheckMountPoint(std::string_view path) {
  if (!path.starts_with('/')) return BadMountPoint(path, "is not an absolute path");
  if (!IsUtf8(path)) return BadMountPoint(path, "is no UTF-8");
  if (std::ranges::any_of(path, [](unsigned char byte) { return byte < ' ' || byte == 0x7f; })) {
    return BadMountPoint(path, "holds a control byte");
  }
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty()) return BadMountPoint(path, "has an empty component");
    if (part == "." || part == "..") return BadMountPoint(path, "has a component . or ..");
    rest.remove_prefix(part.size());
  }
  return {};
}

std::string PercentEncode(std::string_view path) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : path) {
    if (IsUnreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 0xf];
  }
  return encoded;
}

}  // namespace nydus
