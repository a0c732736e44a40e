// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/verity_label.h"

#include <system_error>

#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

constexpr std::string_view kAlgorithm = "sha256";

// What Go's fmt.Sscanf takes for a blank, apart from the line feed.
constexpr std::string_view kBlanks[] = {
    "\t",           "\v",           "\f",           "\r",           " ",
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
};

// Length in bytes of the blank at the start of `text`, 0 if there is none.
std::size_t BlankLength(std::string_view text) {
  for (const std::string_view blank : kBlanks) {
    if (text.starts_with(blank)) return blank.size();
  }
  return 0;
}

// The items of a label, taken from its front the way fmt.Sscanf takes %d, %s and literal text.
class LabelScanner {
 public:
  explicit LabelScanner(std::string_view label) : rest_(label) {}

  std::optional<std::uint64_t> TakeNumber() {
    SkipBlanks();
    std::uint64_t number = 0;
    const char* const begin = rest_.data();
    const std::from_chars_result read = std::from_chars(begin, begin + rest_.size(), number);
    if (read.ec != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(read.ptr - begin));
    return number;
  }

  bool TakeLiteral(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  std::string_view TakeWord() {
    SkipBlanks();
    std::size_t length = 0;
    while (length < rest_.size() && rest_[length] != '\n' &&
           BlankLength(rest_.substr(length)) == 0) {
      ++length;
    }
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }

 private:
  void SkipBlanks() {
    for (std::size_t length = BlankLength(rest_); length > 0; length = BlankLength(rest_)) {
      rest_.remove_prefix(length);
    }
  }

  std::string_view rest_;
};

std::optional<DmVerity> ScanLabel(std::string_view label) {
  LabelScanner scanner(label);
  const std::optional<std::uint64_t> blocks = scanner.TakeNumber();
  if (!blocks || !scanner.TakeLiteral(",")) return std::nullopt;
  const std::optional<std::uint64_t> offset = scanner.TakeNumber();
  if (!offset || !scanner.TakeLiteral(StrCat(",", kAlgorithm, ":"))) return std::nullopt;
  return DmVerity{.hash_algorithm = std::string(kAlgorithm),
                  .root_hash = std::string(scanner.TakeWord()),
                  .data_blocks = *blocks,
                  .data_block_size = kLabelDataBlockSize,
                  .hash_block_size = kLabelHashBlockSize,
                  .hash_offset = *offset};
}

Failure Bad(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

Result<> CheckLabelCanSay(const DmVerity& verity) {
  if (verity.hash_algorithm != kAlgorithm) {
    return Bad(StrCat("hashtype: a label can only say ", kAlgorithm));
  }
  if (verity.data_block_size != kLabelDataBlockSize) {
    return Bad(StrCat("blocksize: a label can only say ", kLabelDataBlockSize));
  }
  if (verity.hash_block_size != kLabelHashBlockSize) {
    return Bad(StrCat("hashsize: a label can only say ", kLabelHashBlockSize));
  }
  if (verity.hash_type != DmVerity().hash_type) {
    return Bad(StrCat("hash_type: a label can only say ", DmVerity().hash_type));
  }
  if (verity.salt && !verity.salt->empty()) return Bad("salt: a label has no place for one");
  return {};
}

}  // namespace

Result<DmVerity> ParseVerityLabel(std::string_view label) {
  std::optional<DmVerity> verity = ScanLabel(label);
  if (!verity) return Bad("is not BLOCKS,OFFSET,sha256:HEX");
  if (Result<> valid = ValidateDmVerity(*verity); !valid) return Failure(std::move(valid.error()));
  return *std::move(verity);
}

Result<std::string> FormatVerityLabel(const DmVerity& verity) {
  Result<> possible = CheckLabelCanSay(verity);
  if (possible) possible = ValidateDmVerity(verity);
  if (!possible) return Failure(std::move(possible.error()));
  return StrCat(verity.data_blocks, ",", verity.hash_offset, ",", kAlgorithm, ":",
                verity.root_hash);
}

}  // namespace nydus
