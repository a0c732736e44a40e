// SPDX-License-Identifier: Apache-2.0
#include "snapshot/mount_slice/directory.h"

#include "base/text.h"

namespace nydus {

Result<> CheckDirectory(std::string_view field, std::string_view directory) {
  if (directory.empty()) return Fail(ErrorKind::kUsage, StrCat(field, ": is missing or empty"));
  if (!directory.starts_with('/')) {
    return Fail(ErrorKind::kUsage, StrCat(field, ": ", Quote(directory), " is not absolute"));
  }
  constexpr std::string_view kSpecial(",:\\\0", 4);
  if (directory.find_first_of(kSpecial) != std::string_view::npos) {
    return Fail(ErrorKind::kUsage, StrCat(field, ": ", Quote(directory),
                                          " holds a comma, a colon, a backslash or a NUL byte"));
  }
  return {};
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  while (directory.ends_with('/')) directory.remove_suffix(1);
  return StrCat(directory, "/", name);
}

}  // namespace nydus
