// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/parameters.h"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

constexpr HashAlgorithm kAlgorithms[] = {HashAlgorithm::kSha1, HashAlgorithm::kSha256,
                                         HashAlgorithm::kSha512};
constexpr std::string_view kHexDigits = "0123456789abcdef";

Failure Bad(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

bool IsTreeBlockSize(std::uint32_t size) {
  return std::has_single_bit(size) && size >= kMinTreeBlockSize && size <= kMaxTreeBlockSize;
}

std::string BlockSizeRule(std::uint32_t size) {
  return StrCat(size, " is no power of two from ", kMinTreeBlockSize, " to ", kMaxTreeBlockSize);
}

std::optional<unsigned> HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::string_view HashAlgorithmName(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kSha1: return "sha1";
    case HashAlgorithm::kSha256: return "sha256";
    case HashAlgorithm::kSha512: return "sha512";
  }
  std::unreachable();
}

std::optional<HashAlgorithm> HashAlgorithmOfName(std::string_view name) {
  const auto* found = std::ranges::find(kAlgorithms, name, HashAlgorithmName);
  return found == std::end(kAlgorithms) ? std::nullopt : std::optional(*found);
}

std::size_t DigestBytes(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kSha1: return 20;
    case HashAlgorithm::kSha256: return 32;
    case HashAlgorithm::kSha512: return 64;
  }
  std::unreachable();
}

Result<> ValidateTreeFormat(const VerityParameters& parameters) {
  if (parameters.hash_type > 1) {
    return Bad(StrCat("hash type: ", parameters.hash_type, " is neither 0 nor 1"));
  }
  if (parameters.salt.size() > kMaxSaltBytes) {
    return Bad(StrCat("salt: has ", parameters.salt.size(), " bytes, above ", kMaxSaltBytes));
  }
  if (!IsTreeBlockSize(parameters.data_block_size)) {
    return Bad(StrCat("data block size: ", BlockSizeRule(parameters.data_block_size)));
  }
  if (!IsTreeBlockSize(parameters.hash_block_size)) {
    return Bad(StrCat("hash block size: ", BlockSizeRule(parameters.hash_block_size)));
  }
  return {};
}

std::string ToHex(std::string_view bytes) {
  std::string digits;
  digits.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    digits += kHexDigits[value >> 4U];
    digits += kHexDigits[value & 15U];
  }
  return digits;
}

std::optional<std::string> FromHex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const std::optional<unsigned> high = HexValue(digits[i]);
    const std::optional<unsigned> low = HexValue(digits[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high << 4U | *low);
  }
  return bytes;
}

std::string UuidText(const VerityUuid& uuid) {
  std::string text = ToHex(std::string(uuid.begin(), uuid.end()));
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

std::optional<VerityUuid> UuidOfText(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '-');
  const std::optional<std::string> bytes = FromHex(digits);
  VerityUuid uuid;
  if (!bytes || bytes->size() != uuid.size()) return std::nullopt;
  std::ranges::transform(*bytes, uuid.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  // The dashes stand where they belong if the text has them where we would put them.
  const bool dashes = std::ranges::equal(
      UuidText(uuid), text, [](char own, char given) { return (own == '-') == (given == '-'); });
  return dashes ? std::optional(uuid) : std::nullopt;
}

Result<VerityUuid> MakeUuid() {
  VerityUuid uuid;
  if (getrandom(uuid.data(), uuid.size(), 0) != static_cast<ssize_t>(uuid.size())) {
    return FailErrno(ErrorKind::kSystem, errno, "getrandom");
  }
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0FU) | 0x40U);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3FU) | 0x80U);
  return uuid;
}

}  // namespace nydus
