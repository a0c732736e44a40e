// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/fuse/nydusd/scripted_daemon.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

constexpr int kDripMilliseconds = 5;

UniqueFd Listen(const std::string& path) {
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener.get(), SOMAXCONN) != 0) {
    std::perror(path.c_str());
    std::abort();
  }
  return listener;
}

bool IsWhole(std::string_view request) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t end = request.find(kEnd);
  if (end == std::string_view::npos) return false;
  const std::size_t length = request.find(kLength);
  if (length == std::string_view::npos) return true;
  const std::string digits(request.substr(length + kLength.size(), 10));
  return request.size() >= end + kEnd.size() + std::strtoul(digits.c_str(), nullptr, 10);
}

std::string ReadRequest(int fd) {
  std::string request;
  char buffer[4096];
  while (!IsWhole(request)) {
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size <= 0) break;
    request.append(buffer, static_cast<std::size_t>(size));
  }
  return request;
}

}  // namespace

ScriptedAnswer NoContent() {
  return {.bytes = "HTTP/1.1 204 \r\nServer: Nydus API\r\nConnection: keep-alive\r\n\r\n"};
}

ScriptedAnswer WithBody(int status, std::string_view body) {
  return {.bytes = StrCat("HTTP/1.1 ", status,
                          " \r\nServer: Nydus API\r\nConnection: keep-alive\r\n"
                          "Content-Type: application/json\r\nContent-Length: ",
                          body.size(), "\r\n\r\n", body)};
}

ScriptedDaemon::ScriptedDaemon(const std::string& socket_path, std::vector<ScriptedAnswer> answers)
    : answers_(std::move(answers)),
      listener_(Listen(socket_path)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Serve(); }) {}

ScriptedDaemon::~ScriptedDaemon() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

std::vector<std::string> ScriptedDaemon::Requests() {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void ScriptedDaemon::Serve() {
  std::size_t next = 0;
  while (true) {
    pollfd waiting[] = {{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                        {.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    if (poll(waiting, 2, -1) < 0) continue;
    if (waiting[1].revents != 0) return;
    UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.ok() && next < answers_.size()) Play(answers_[next++], std::move(connection));
  }
}

void ScriptedDaemon::Play(const ScriptedAnswer& answer, UniqueFd connection) {
  std::string request = ReadRequest(connection.get());
  if (request.empty()) return;
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(std::move(request));
  }
  (void)send(connection.get(), answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
  while (answer.then == ScriptedAnswer::Then::kDrip && !IsStopping(kDripMilliseconds)) {
    if (send(connection.get(), "x", 1, MSG_NOSIGNAL) != 1) return;
  }
  if (answer.then == ScriptedAnswer::Then::kKeepOpen) kept_open_.push_back(std::move(connection));
}

bool ScriptedDaemon::IsStopping(int milliseconds) const {
  pollfd waiting = {.fd = stop_.get(), .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, milliseconds) != 0;
}

}  // namespace nydus
