// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/socket_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPollInterval{5};

struct OpenDirectory {
  UniqueFd fd;
  std::string path;
};

// In an order that is the same for everybody, so that no two wait for each other; each once,
// because a second lock would wait for the first.
using Directories = std::map<std::pair<dev_t, ino_t>, OpenDirectory>;

Result<> AddDirectoryOf(const std::string& socket, Directories& directories) {
  std::string path = std::filesystem::path(socket).parent_path().string();
  if (path.empty()) path = ".";
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() && errno == ENOENT) return {};
  struct stat status = {};
  if (!fd.ok() || fstat(fd.get(), &status) != 0) {
    return FailErrno(ErrorKind::kSystem, errno, Quote(path));
  }
  directories.try_emplace({status.st_dev, status.st_ino},
                          OpenDirectory{.fd = std::move(fd), .path = std::move(path)});
  return {};
}

Result<> Lock(const OpenDirectory& directory, Deadline deadline) {
  while (flock(directory.fd.get(), LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error != EWOULDBLOCK) return FailErrno(ErrorKind::kSystem, error, Quote(directory.path));
    if (TimeLeft(deadline) == milliseconds(0)) {
      return Fail(ErrorKind::kSystem,
                  StrCat("another nydusd is being started or stopped in ", Quote(directory.path)));
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return {};
}

}  // namespace

Result<SocketLocks> LockDirectoriesOf(const std::vector<std::string>& sockets, Deadline deadline) {
  Directories directories;
  for (const std::string& socket : sockets) {
    if (socket.empty()) continue;
    if (Result<> added = AddDirectoryOf(socket, directories); !added) {
      return Failure(std::move(added.error()));
    }
  }
  SocketLocks locks;
  for (auto& [id, directory] : directories) {
    if (Result<> locked = Lock(directory, deadline); !locked) {
      return Failure(std::move(locked.error()));
    }
    locks.push_back(std::move(directory.fd));
  }
  return locks;
}

}  // namespace nydus
