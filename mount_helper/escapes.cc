// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/escapes.h"

#include <algorithm>

namespace nydus {

std::size_t FindUnescaped(std::string_view text, char stop) {
  // Most texts hold no escape, and memchr(3) is a lot faster than a loop of our own.
  const std::size_t found = text.find(stop);
  if (!text.substr(0, found).contains('\\')) return std::min(found, text.size());
  std::size_t at = 0;
  while (at < text.size() && text[at] != stop) at += text[at] == '\\' ? 2U : 1U;
  return std::min(at, text.size());
}

std::string UnescapePath(std::string_view escaped) {
  std::string path;
  while (!escaped.empty()) {
    if (escaped[0] == '\\') escaped.remove_prefix(1);
    if (escaped.empty()) break;  // the kernel drops a backslash at the end
    path += escaped[0];
    escaped.remove_prefix(1);
  }
  return path;
}

std::string EscapePath(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (c == '\\' || c == ':' || c == ',' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace nydus
