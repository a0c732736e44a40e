// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <string>
#include <utility>

#include "base/deadline.h"
#include "base/error.h"
#include "fuse/nydusd/api_socket.h"

namespace nydus {

// Limits of dbs-uhttp 0.3.2, nydusd's HTTP server: the request line with its line break, and the
// body, in bytes.
inline constexpr std::size_t kMaxRequestLineBytes = 1024;
inline constexpr std::size_t kMaxRequestBodyBytes = 51200;
// The longest answer that is read, in bytes: information on 255 mounts with their configurations.
inline constexpr std::size_t kMaxReplyBytes = std::size_t{8} * 1024 * 1024;

// Whether nydusd takes a request of that size; kUsage.
Result<> CheckRequestSize(const std::string& method, const std::string& target,
                          const std::string& body);

struct HttpReply {
  int status = 0;
  std::string body;
  pid_t peer_pid = 0;  // of the process that answered
};

// An exchange that failed. Once the request was sent, nobody can tell from the failure whether
// nydusd has carried it out.
struct ExchangeError {
  Error error;
  bool sent = false;
};

// One connection to nydusd's API socket, by the rules of ConnectApiSocket().
class ApiConnection {
 public:
  static Result<ApiConnection> Open(const std::string& socket_path, Deadline deadline);

  // Who listens, as the kernel recorded it.
  [[nodiscard]] pid_t peer_pid() const { return socket_.peer_pid; }

  // CheckRequestSize(), one request, one answer. `target` is path and query, encoded. The errno
  // value is ECONNRESET if nydusd closed the connection instead of answering. After a failure the
  // connection is closed and must not be used again.
  std::expected<HttpReply, ExchangeError> Exchange(const std::string& method,
                                                   const std::string& target,
                                                   const std::string& body, Deadline deadline);

 private:
  explicit ApiConnection(ApiSocket socket) : socket_(std::move(socket)) {}
  ApiSocket socket_;
};

}  // namespace nydus
