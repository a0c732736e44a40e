// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/value_kind.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "mount_helper/escapes.h"
#include "snapshot/payload/kata_volume.h"

namespace nydus {

namespace {

constexpr std::size_t kNotFound = std::string_view::npos;

constexpr std::size_t kMaxNameBytes = 63;
constexpr std::size_t kMaxIdentifierBytes = 128;
constexpr std::size_t kMaxHostBytes = 253;
constexpr std::size_t kMaxPortDigits = 5;
constexpr std::size_t kMaxNumberDigits = 20;

constexpr std::string_view kWords[] = {
    // fs_version of an extra option, fs_type of a volume
    "v5", "v6", "rafsv5", "rafsv6", "erofs", "ext2", "ext3", "ext4", "xfs", "btrfs", "squashfs",
    "overlay",
    // backends, caches, schemes, modes and the type of nydusd: api/src/config.rs
    "registry", "oss", "s3", "localfs", "localdisk", "http-proxy", "blobcache", "filecache",
    "fscache", "dummycache", "http", "https", "direct", "cached", "bootstrap",
    // hash algorithms of dm-verity
    "sha1", "sha256", "sha512",
    // fsGroupChangePolicy of Kata's direct volumes
    "Always", "OnRootMismatch",
    // nydus.mode=, nydus.payload= and nydus.layout=
    "auto", "native", "kata", "image", "compatible", "strict", "ignore", "go", "rs",
    // values of overlay's options: fs/overlayfs/params.c
    "on", "off", "null", "follow", "nofollow", "require", "volatile"};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}

bool IsAlphanumeric(char c) {
  return IsDigit(c) || IsLower(c) || (c >= 'A' && c <= 'Z');
}

bool IsHexadecimalByte(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// One byte or more, each alphanumeric or one of `others`.
bool IsMadeOf(std::string_view text, std::string_view others) {
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return IsAlphanumeric(c) || others.contains(c); });
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNumberDigits && std::ranges::all_of(text, IsDigit);
}

bool IsPort(std::string_view text) {
  return text.size() <= kMaxPortDigits && IsNumber(text);
}

bool IsHexadecimal(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, IsHexadecimalByte);
}

bool IsDigest(std::string_view text) {
  constexpr std::size_t kPrefixBytes = std::string_view("sha256:").size();
  return (text.starts_with("sha256:") || text.starts_with("sha512:")) &&
         IsHexadecimal(text.substr(kPrefixBytes));
}

bool AreDigests(std::string_view text) {
  for (std::size_t comma = text.find(','); comma != kNotFound; comma = text.find(',')) {
    if (!IsDigest(text.substr(0, comma))) return false;
    text.remove_prefix(comma + 1);
  }
  return IsDigest(text);
}

bool IsBlockVerity(std::string_view text) {
  const std::size_t first = text.find(',');
  const std::size_t second = first == kNotFound ? kNotFound : text.find(',', first + 1);
  return second != kNotFound && IsNumber(text.substr(0, first)) &&
         IsNumber(text.substr(first + 1, second - first - 1)) && IsDigest(text.substr(second + 1));
}

// HOST[:PORT]
bool IsHostAndPort(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == kNotFound || !std::ranges::all_of(text.substr(1, end - 1), [](char c) {
          return IsHexadecimalByte(c) || c == ':';
        })) {
      return false;
    }
    const std::string_view behind = text.substr(end + 1);
    return behind.empty() || (behind.starts_with(':') && IsPort(behind.substr(1)));
  }
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  return host.size() <= kMaxHostBytes && IsMadeOf(host, ".-") &&
         (colon == kNotFound || IsPort(text.substr(colon + 1)));
}

bool IsHost(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) return IsHostAndPort(text.substr(scheme.size()));
  }
  return IsHostAndPort(text);
}

// A colon in front of a slash belongs to a port, one behind it to a tag: what a user and a password
// in front of a host look like is neither.
bool IsReference(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at != kNotFound && !IsDigest(text.substr(at + 1))) return false;
  const std::string_view whole = text.substr(0, at);
  if (!IsMadeOf(whole, "._/:-") || whole.contains("//")) return false;
  const std::size_t last_slash = whole.rfind('/');
  const std::size_t name = last_slash == kNotFound ? 0 : last_slash + 1;
  if (std::ranges::count(whole.substr(name), ':') > 1) return false;
  const std::string_view path = whole.substr(0, name);
  const std::size_t colon = path.find(':');
  if (colon == kNotFound) return true;
  const std::size_t slash = path.find('/');
  return colon < slash && IsPort(path.substr(colon + 1, slash - colon - 1)) &&
         !path.substr(slash).contains(':');
}

// Bytes of other alphabets are letters too; a backslash escapes what overlay would misread.
bool IsPathByte(char c) {
  constexpr std::string_view kOthers = "._/:@+,~\\-";
  return IsAlphanumeric(c) || kOthers.contains(c) || static_cast<unsigned char>(c) >= 0x80;
}

// A name of a directory may hold '@' and ':', but not as in USER:PASSWORD@HOST, and two slashes
// are what stands in front of a host.
bool HasOnlyPathText(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool names_user = colon != kNotFound && text.substr(colon).contains('@');
  return std::ranges::all_of(text, IsPathByte) && !names_user && !text.contains("://") &&
         !text.starts_with("//");
}

bool IsPath(std::string_view text) {
  return text.starts_with('/') && HasOnlyPathText(text);
}

bool IsDirectory(std::string_view text) {
  return text.contains('/') && HasOnlyPathText(text);
}

// An empty piece stands between two colons, in front of data-only layers.
bool AreLayers(std::string_view text) {
  while (true) {
    const std::size_t end = FindUnescaped(text, ':');
    const std::string_view layer = text.substr(0, end);
    if (!layer.empty() && !IsDirectory(layer)) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool IsSecurityContext(std::string_view text) {
  if (!IsMadeOf(text, "_.:,-")) return false;
  for (const std::string_view ending : {"_u", "_r", "_t"}) {
    const std::size_t colon = text.find(':');
    if (!text.substr(0, colon).ends_with(ending)) return false;
    text.remove_prefix(colon == kNotFound ? text.size() : colon + 1);
  }
  // sN[:cN,cN.cN][-sN...]
  return std::ranges::all_of(text, [](char c) {
    constexpr std::string_view kLevel = "sc:,.-";
    return IsDigit(c) || kLevel.contains(c);
  });
}

}  // namespace

bool Fits(ValueKind kind, std::string_view text) {
  if (text.empty()) return true;
  switch (kind) {
    case ValueKind::kWord: return std::ranges::find(kWords, text) != std::end(kWords);
    case ValueKind::kVolumeType: return ParseKataVolumeType(text).has_value();
    case ValueKind::kName:
      return text.size() <= kMaxNameBytes && std::ranges::all_of(text, [](char c) {
               return IsDigit(c) || IsLower(c) || c == '.' || c == '-';
             });
    case ValueKind::kIdentifier: return text.size() <= kMaxIdentifierBytes && IsMadeOf(text, "_.-");
    case ValueKind::kSnapshot: return text.starts_with('/') && IsNumber(text.substr(1));
    case ValueKind::kNumber: return IsNumber(text);
    case ValueKind::kBoolean: return text == "true" || text == "false";
    case ValueKind::kHexadecimal: return IsHexadecimal(text);
    case ValueKind::kDigest: return IsDigest(text);
    case ValueKind::kDigests: return AreDigests(text);
    case ValueKind::kBlockVerity: return IsBlockVerity(text);
    case ValueKind::kHost: return IsHost(text);
    case ValueKind::kReference: return IsReference(text);
    case ValueKind::kPath: return IsPath(text);
    case ValueKind::kPathOrReference: return IsPath(text) || IsReference(text);
    case ValueKind::kPathOrWord:
      return IsPath(text) || (IsMadeOf(text, "._+/-") && !text.starts_with('/'));
    case ValueKind::kDirectory: return IsDirectory(text);
    case ValueKind::kLayers: return AreLayers(text);
    case ValueKind::kSecurityContext: return IsSecurityContext(text);
  }
  std::unreachable();
}

}  // namespace nydus
