// SPDX-License-Identifier: Apache-2.0
#include "ctl/verity_options_line.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/text.h"

namespace nydus {

namespace {

Failure Bad(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    while (!line.empty() && IsBlank(line.front())) line.remove_prefix(1);
    if (line.empty()) return words;
    const auto length =
        static_cast<std::size_t>(std::ranges::find_if(line, IsBlank) - line.begin());
    words.push_back(line.substr(0, length));
    line.remove_prefix(length);
  }
}

Result<> ReadNumber(std::uint64_t& field, std::string_view value) {
  const auto [end, error] = std::from_chars(value.begin(), value.end(), field);
  if (error == std::errc() && end == value.end()) return {};
  return Bad(StrCat(Quote(value), " is no number"));
}

// `value` as the shell gives it to veritysetup: nydus-image writes an empty salt as "".
std::string_view Unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

struct LineFlag {
  std::string_view name;
  Result<> (*read)(DmVerity& verity, std::string_view value);
};

Result<> ReadSalt(DmVerity& verity, std::string_view value) {
  verity.salt.reset();
  if (!value.empty() && value != "-") verity.salt = value;
  return {};
}

constexpr LineFlag kLineFlags[] = {
    {"--format", [](DmVerity& v, std::string_view text) { return ReadNumber(v.hash_type, text); }},
    {"--hash",
     [](DmVerity& v, std::string_view text) {
       v.hash_algorithm = text;
       return Result<>();
     }},
    {"--salt", ReadSalt},
    {"-s", ReadSalt},
    {"--data-block-size",
     [](DmVerity& v, std::string_view text) { return ReadNumber(v.data_block_size, text); }},
    {"--hash-block-size",
     [](DmVerity& v, std::string_view text) { return ReadNumber(v.hash_block_size, text); }},
    {"--data-blocks",
     [](DmVerity& v, std::string_view text) { return ReadNumber(v.data_blocks, text); }},
    {"--hash-offset",
     [](DmVerity& v, std::string_view text) { return ReadNumber(v.hash_offset, text); }},
};

// Reads the flag at `at` with its value, which may be the next word, and moves `at` behind it.
Result<> ReadFlag(DmVerity& verity, const std::vector<std::string_view>& words, std::size_t& at) {
  const std::string_view word = words[at++];
  if (word == "--no-superblock") {
    verity.no_superblock = true;
    return {};
  }
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const LineFlag* flag = std::ranges::find(kLineFlags, name, &LineFlag::name);
  if (flag == std::end(kLineFlags)) return Bad(StrCat(Quote(name), " is none of its flags"));
  if (equals == std::string_view::npos && at == words.size()) {
    return Bad(StrCat(name, ": has no value"));
  }
  const std::string_view value =
      equals == std::string_view::npos ? words[at++] : word.substr(equals + 1);
  Result<> read = flag->read(verity, Unquoted(value));
  if (!read) return Failure(Wrap(std::move(read.error()), name));
  return {};
}

}  // namespace

Result<DmVerity> ParseVerityOptionsLine(std::string_view line) {
  if (line.starts_with(kVerityOptionsPrefix)) line.remove_prefix(kVerityOptionsPrefix.size());
  const std::vector<std::string_view> words = Words(line);
  DmVerity verity;
  for (std::size_t at = 0; at < words.size();) {
    if (!words[at].starts_with('-')) {
      if (!verity.root_hash.empty()) return Bad("there is more than one root hash");
      verity.root_hash = words[at++];
      continue;
    }
    if (Result<> read = ReadFlag(verity, words, at); !read) return Failure(std::move(read.error()));
  }
  if (verity.root_hash.empty()) return Bad("there is no root hash");
  if (Result<> valid = ValidateDmVerity(verity); !valid) return Failure(std::move(valid.error()));
  return verity;
}

std::string FormatVerityOptions(const DmVerity& verity) {
  return StrCat(
      verity.no_superblock ? "--no-superblock " : "", "--format=", verity.hash_type,
      " --salt=", Escape(verity.salt.value_or("-")), " --hash=", Escape(verity.hash_algorithm),
      " --data-block-size=", verity.data_block_size, " --hash-block-size=", verity.hash_block_size,
      " --data-blocks=", verity.data_blocks, " --hash-offset=", verity.hash_offset, " ",
      verity.root_hash);
}

}  // namespace nydus
