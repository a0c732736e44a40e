// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/api_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "fuse/nydusd/nydusd_settings.h"

namespace nydus {

namespace {

bool IsTrustedUser(uid_t user) {
  return user == 0 || user == geteuid();
}

Failure NotTrusted(std::string_view what, const std::string& path, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat(what, " ", Quote(path), " ", why),
              "credentials go through it, so nobody else may have a hand in it");
}

Failure TooLate(std::string_view doing) {
  return Fail(ErrorKind::kMount, StrCat("no time is left while ", doing),
              "nydusd answers nobody while it mounts; or it hangs");
}

// The directory of `path`, in which nobody but root and this user can put another socket.
Result<UniqueFd> OpenTrustedDirectory(const std::string& path) {
  UniqueFd directory(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok()) {
    return FailErrno(ErrorKind::kSystem, errno, StrCat("directory ", Quote(path)));
  }
  struct stat status = {};
  if (fstat(directory.get(), &status) != 0) {
    return FailErrno(ErrorKind::kSystem, errno, StrCat("directory ", Quote(path)));
  }
  if (!IsTrustedUser(status.st_uid)) {
    return NotTrusted("directory", path, "is owned by neither root nor this user");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return NotTrusted("directory", path, "can be written by group or others");
  }
  return directory;
}

// The socket itself, not a name that another one may get later.
Result<UniqueFd> OpenTrustedSocket(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = path.substr(slash + 1);  // npos + 1 is 0
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Result<UniqueFd> directory = OpenTrustedDirectory(parent);
  if (!directory) return Failure(directory.error());

  UniqueFd socket(openat(directory->get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!socket.ok()) return FailErrno(ErrorKind::kSystem, errno, Quote(path));
  struct stat status = {};
  if (fstat(socket.get(), &status) != 0) return FailErrno(ErrorKind::kSystem, errno, Quote(path));
  if (!S_ISSOCK(status.st_mode))
    return Fail(ErrorKind::kUsage, StrCat(Quote(path), " is no socket"));
  if (!IsTrustedUser(status.st_uid)) {
    return NotTrusted("socket", path, "is owned by neither root nor this user");
  }
  return socket;
}

// A Unix socket whose backlog is full makes connect(2) wait; poll(2) knows nothing of it.
Result<> LimitWaiting(int fd, const std::string& path, Deadline deadline) {
  const auto left = TimeLeft(deadline);
  if (left.count() == 0) return TooLate(StrCat("connecting to ", Quote(path)));
  const timeval limit = {.tv_sec = left.count() / 1000, .tv_usec = left.count() % 1000 * 1000};
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0) return {};
  return FailErrno(ErrorKind::kSystem, errno, "SO_SNDTIMEO");
}

Result<> Connect(int fd, int socket, const std::string& path, Deadline deadline) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string way = StrCat("/proc/self/fd/", socket);
  std::memcpy(address.sun_path, way.c_str(), way.size() + 1);
  while (true) {
    if (Result<> limited = LimitWaiting(fd, path, deadline); !limited) return limited;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what connect(2) takes
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      return TooLate(StrCat("connecting to ", Quote(path), ", which takes no further connection"));
    }
    if (errno == ECONNREFUSED) {
      return FailErrno(ErrorKind::kSystem, errno, StrCat("nobody listens on ", Quote(path)));
    }
    return FailErrno(ErrorKind::kSystem, errno, StrCat("cannot connect to ", Quote(path)));
  }
}

Result<> WaitFor(int fd, short events, Deadline deadline, std::string_view doing) {
  while (true) {
    const auto left = TimeLeft(deadline);
    if (left.count() == 0) return TooLate(doing);
    pollfd waiting = {.fd = fd, .events = events, .revents = 0};
    const timespec limit = {.tv_sec = left.count() / 1000,
                            .tv_nsec = left.count() % 1000 * 1'000'000};
    const int ready = ppoll(&waiting, 1, &limit, nullptr);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return FailErrno(ErrorKind::kSystem, errno, "poll");
  }
}

}  // namespace

Result<ApiSocket> ConnectApiSocket(const std::string& path, Deadline deadline) {
  if (path.size() > kMaxSocketPathBytes) {
    return Fail(ErrorKind::kUsage, StrCat("API socket ", Quote(path), ": the path of a socket has ",
                                          kMaxSocketPathBytes, " bytes at most"));
  }
  const Result<UniqueFd> socket_file = OpenTrustedSocket(path);
  if (!socket_file) return Failure(Wrap(socket_file.error(), "nydusd's API socket"));

  ApiSocket connected{.fd = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  if (!connected.fd.ok()) return FailErrno(ErrorKind::kSystem, errno, "socket");
  const Result<> done = Connect(connected.fd.get(), socket_file->get(), path, deadline);
  if (!done) return Failure(Wrap(done.error(), "nydusd's API socket"));

  ucred peer = {};
  socklen_t size = sizeof peer;
  if (getsockopt(connected.fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return FailErrno(ErrorKind::kSystem, errno, "SO_PEERCRED");
  }
  if (!IsTrustedUser(peer.uid)) {
    return NotTrusted("nydusd's API socket", path,
                      StrCat("is served by user ", peer.uid, ", neither root nor this user"));
  }
  connected.peer_pid = peer.pid;
  return connected;
}

Result<> SendAll(int fd, std::string_view bytes, Deadline deadline, bool& sent) {
  while (!bytes.empty()) {
    const ssize_t size = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size >= 0) {
      sent = true;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      if (Result<> ready = WaitFor(fd, POLLOUT, deadline, "sending a request"); !ready)
        return ready;
    } else if (errno != EINTR) {
      return FailErrno(ErrorKind::kSystem, errno, "cannot send a request");
    }
  }
  return {};
}

Result<std::size_t> ReceiveSome(int fd, char* buffer, std::size_t size, Deadline deadline) {
  while (true) {
    if (Result<> ready = WaitFor(fd, POLLIN, deadline, "waiting for an answer"); !ready) {
      return Failure(ready.error());
    }
    const ssize_t received = recv(fd, buffer, size, MSG_DONTWAIT);
    if (received >= 0) return static_cast<std::size_t>(received);
    if (errno != EAGAIN && errno != EINTR) {
      return FailErrno(ErrorKind::kSystem, errno, "cannot receive an answer");
    }
  }
}

}  // namespace nydus
