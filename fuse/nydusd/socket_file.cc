// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/socket_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "fuse/nydusd/nydusd_settings.h"
#include "fuse/nydusd/socket_diagnosis.h"

namespace nydus {

namespace {

// The longest /proc/net/unix that is read, in bytes: some 100,000 sockets.
constexpr std::size_t kMaxSocketTableBytes = std::size_t{16} * 1024 * 1024;

// Returns errno of connect(2).
int ConnectTo(const std::string& path, int type) {
  if (path.size() > kMaxSocketPathBytes) return ENAMETOOLONG;
  const UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.ok()) return errno;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return 0;
  }
  return errno;
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

// Inodes of the sockets that a process has open, sorted.
Result<std::vector<std::uint64_t>> SocketsOf(pid_t pid) {
  constexpr std::string_view kPrefix = "socket:[";
  const std::string path = StrCat("/proc/", pid, "/fd");
  std::vector<std::uint64_t> inodes;
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry->path(), gone).string();
    if (gone || !target.starts_with(kPrefix) || !target.ends_with(']')) continue;
    const std::string_view digits =
        std::string_view(target).substr(kPrefix.size(), target.size() - kPrefix.size() - 1);
    if (const auto inode = ParseNumber(digits)) inodes.push_back(*inode);
  }
  if (error) return FailErrno(ErrorKind::kSystem, error.value(), path);
  std::ranges::sort(inodes);
  return inodes;
}

struct ListeningSocket {
  std::string path;  // as it was named when it was bound
  std::uint64_t inode = 0;
  bool is_its_own = false;
};

struct SocketRow {
  bool listening = false;
  std::uint64_t inode = 0;
  std::string_view path;
};

// "ADDRESS: REFERENCES PROTOCOL FLAGS TYPE STATE INODE PATH" (net/unix/af_unix.c, unix_seq_show).
std::optional<SocketRow> ParseSocketRow(std::string_view line) {
  constexpr std::string_view kAcceptsConnections = "00010000";  // __SO_ACCEPTCON
  std::array<std::string_view, 7> fields;
  for (std::string_view& field : fields) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    field = line.substr(0, line.find(' '));
    line.remove_prefix(field.size());
  }
  const std::optional<std::uint64_t> inode = ParseNumber(fields[6]);
  if (!inode || line.size() < 2) return std::nullopt;
  return SocketRow{
      .listening = fields[3] == kAcceptsConnections, .inode = *inode, .path = line.substr(1)};
}

// Those with a path on which anybody listens in the network namespace of `pid`; relative paths only
// of its own ones, because whose the others are is not known.
Result<std::vector<ListeningSocket>> SocketsAround(pid_t pid) {
  const Result<std::vector<std::uint64_t>> inodes = SocketsOf(pid);
  if (!inodes) return Failure(inodes.error());
  const std::string table_path = StrCat("/proc/", pid, "/net/unix");
  const UniqueFd file(open(table_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return FailErrno(ErrorKind::kSystem, errno, table_path);
  const Result<std::string> table = ReadAll(file.get(), kMaxSocketTableBytes);
  if (!table) return Failure(Wrap(table.error(), table_path));

  std::vector<ListeningSocket> sockets;
  std::string_view rest = *table;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::optional<SocketRow> row = ParseSocketRow(line);
    if (!row || !row->listening || row->path.starts_with('@')) continue;
    const bool is_its_own = std::ranges::binary_search(*inodes, row->inode);
    if (!is_its_own && !row->path.starts_with('/')) continue;
    sockets.push_back({.path = is_its_own ? PathAsSeenBy(pid, row->path) : std::string(row->path),
                       .inode = row->inode,
                       .is_its_own = is_its_own});
  }
  return sockets;
}

// The same path in another mount namespace is another file, and so is one that was bound again
// after its first file was removed. Where nobody can tell, the socket counts as one on this file.
bool IsOnFile(const ListeningSocket& socket, const std::string& path) {
  struct stat status = {};
  if (!IsSameSocket(socket.path, path) || lstat(path.c_str(), &status) != 0) return false;
  const Result<SocketFile> file = FileOfSocket(socket.inode);
  return !file || *file == SocketFile{.device = status.st_dev, .inode = status.st_ino};
}

bool ListensAlone(pid_t pid, const std::string& path) {
  const Result<std::vector<ListeningSocket>> all = SocketsAround(pid);
  if (!all) return false;
  bool found = false;
  for (const ListeningSocket& socket : *all) {
    if (!IsOnFile(socket, path)) continue;
    if (!socket.is_its_own) return false;
    found = true;
  }
  return found;
}

}  // namespace

std::string PathAsSeenBy(pid_t pid, std::string_view path) {
  std::error_code error;
  const auto directory = std::filesystem::read_symlink(StrCat("/proc/", pid, "/cwd"), error);
  return error ? std::string(path) : (directory / path).string();
}

Result<SocketState> LookAtSocket(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return SocketState::kAbsent;
    return FailErrno(ErrorKind::kSystem, errno, Quote(path));
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Fail(ErrorKind::kSystem, StrCat(Quote(path), " is there and is no socket"));
  }
  // The type is not that of a listening socket: the kernel finds out whether there is one and then
  // says EPROTOTYPE, and nobody is asked to accept anything.
  const int error = ConnectTo(path, SOCK_DGRAM);
  if (error == ECONNREFUSED) return SocketState::kStale;
  if (error == ENOENT) return SocketState::kAbsent;
  if (error == 0 || error == EPROTOTYPE) return SocketState::kLive;
  return FailErrno(ErrorKind::kSystem, error, Quote(path));
}

Result<> RemoveStaleSocket(const std::string& path) {
  const Result<SocketState> state = LookAtSocket(path);
  if (!state) return Failure(state.error());
  if (*state == SocketState::kStale && unlink(path.c_str()) != 0 && errno != ENOENT) {
    return FailErrno(ErrorKind::kSystem, errno, StrCat("unlink ", Quote(path)));
  }
  return {};
}

Result<> ClearSocket(const std::string& path) {
  const Result<SocketState> state = LookAtSocket(path);
  if (!state) return Failure(state.error());
  if (*state == SocketState::kLive) {
    return Fail(ErrorKind::kSystem, StrCat("socket ", Quote(path), " is in use"),
                "stop the nydusd that has it, or take another path");
  }
  return RemoveStaleSocket(path);
}

Result<std::vector<std::string>> ListeningSockets(pid_t pid) {
  const Result<std::vector<ListeningSocket>> all = SocketsAround(pid);
  if (!all) return Failure(all.error());
  std::vector<std::string> paths;
  for (const ListeningSocket& socket : *all) {
    if (socket.is_its_own) paths.push_back(socket.path);
  }
  return paths;
}

bool IsSameSocket(const std::string& one, const std::string& other) {
  struct stat status = {};
  struct stat other_status = {};
  return lstat(one.c_str(), &status) == 0 && lstat(other.c_str(), &other_status) == 0 &&
         status.st_dev == other_status.st_dev && status.st_ino == other_status.st_ino;
}

void KnockIfItListens(pid_t pid, const std::string& path) {
  // Who comes to listen at that path after the look below has another file.
  const UniqueFd file(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file.ok() || !ListensAlone(pid, path)) return;
  ConnectTo(StrCat("/proc/self/fd/", file.get()), SOCK_STREAM);
}

}  // namespace nydus
