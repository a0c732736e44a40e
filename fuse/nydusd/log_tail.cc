// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/log_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "base/unique_fd.h"

namespace nydus {

namespace {

// How much of a file's end is looked at, in bytes.
constexpr std::size_t kTailBytes = std::size_t{64} * 1024;

std::string ReadTail(int fd, std::uint64_t offset) {
  struct stat status = {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size <= offset) return {};
  const std::uint64_t begin = std::max(offset, size - std::min<std::uint64_t>(size, kTailBytes));
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), static_cast<off_t>(begin));
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

// Takes out ECMA-48's control sequences: ESC [ parameters letter.
std::string WithoutColour(std::string_view line) {
  std::string plain;
  while (!line.empty()) {
    const std::size_t begin = line.find("\x1b[");
    plain += line.substr(0, begin);
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin + 2);
    while (!line.empty() && (line.front() < '@' || line.front() > '~')) line.remove_prefix(1);
    if (!line.empty()) line.remove_prefix(1);
  }
  return plain;
}

std::string Shown(std::string_view line) {
  const std::string plain = WithoutColour(line);
  if (plain.size() <= kMaxQuotedBytes) return Escape(plain);
  return Escape(std::string_view(plain).substr(0, kMaxQuotedBytes)) + "...";
}

}  // namespace

std::vector<std::string> LastLines(int fd, std::size_t lines, std::uint64_t offset) {
  const std::string text = ReadTail(fd, offset);
  std::string_view rest = text;
  std::vector<std::string> found;
  while (!rest.empty() && found.size() < lines) {
    const std::size_t line_break = rest.rfind('\n');
    const std::size_t begin = line_break == std::string_view::npos ? 0 : line_break + 1;
    const std::string line = Shown(rest.substr(begin));
    if (!line.empty()) found.push_back(line);
    rest = rest.substr(0, begin == 0 ? 0 : begin - 1);
  }
  std::ranges::reverse(found);
  return found;
}

std::vector<std::string> LastLogLines(const std::string& log_file, std::size_t lines,
                                      std::uint64_t offset) {
  // O_NONBLOCK: whatever has taken the log's place must not hang us.
  const UniqueFd file(open(log_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) return {};
  return LastLines(file.get(), lines, offset);
}

}  // namespace nydus
