// SPDX-License-Identifier: Apache-2.0
#include "snapshot/rafs/bootstrap_path.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/text.h"

namespace nydus {

Result<std::optional<std::string>> FindBootstrap(const std::string& directory) {
  for (const char* const name : {"/fs/image/image.boot", "/fs/image.boot"}) {
    std::string path = StrCat(directory, name);
    struct stat status = {};
    if (lstat(path.c_str(), &status) == 0) {
      if (S_ISREG(status.st_mode)) return path;
      continue;
    }
    if (errno != ENOENT && errno != ENOTDIR) {
      return FailErrno(ErrorKind::kSystem, errno, Escape(path));
    }
  }
  return std::nullopt;
}

}  // namespace nydus
