// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/api_connection.h"

#include <cerrno>
#include <exception>
#include <string_view>

// Beast turns messages into bytes and back; the socket is ours. Asio would add its reactor to the
// start of the program, and keeps no deadline.
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/text.h"

namespace nydus {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::size_t kMaxReplyHeaderBytes = 8192;
constexpr unsigned kHttpVersion = 11;  // 1.1, in Beast's way of writing

// nydusd answers 500 to a request that arrives in pieces, so all of it becomes one text.
std::string RequestText(const std::string& method, const std::string& target,
                        const std::string& body) {
  http::request<http::string_body> request(http::string_to_verb(method), target, kHttpVersion);
  request.set(http::field::host, "nydusd");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();

  std::string text;
  http::request_serializer<http::string_body> serializer(request);
  while (!serializer.is_done()) {
    beast::error_code error;
    serializer.next(error, [&](beast::error_code&, const auto& buffers) {
      for (const boost::asio::const_buffer buffer : beast::buffers_range_ref(buffers)) {
        text.append(static_cast<const char*>(buffer.data()), buffer.size());
      }
      serializer.consume(beast::buffer_bytes(buffers));
    });
    if (error) break;  // a body in memory cannot fail
  }
  return text;
}

// What is received, until it is one whole reply.
class ReplyReader {
 public:
  ReplyReader() {
    parser_.eager(true);
    parser_.header_limit(kMaxReplyHeaderBytes);
    parser_.body_limit(kMaxReplyBytes);
  }

  // True once the reply is whole.
  Result<bool> Feed(std::string_view bytes) {
    pending_ += bytes;
    if (!status_line_read_ && !CompleteStatusLine()) return false;
    beast::error_code error;
    const std::size_t used = parser_.put(boost::asio::buffer(pending_), error);
    pending_.erase(0, used);
    if (error == http::error::body_limit) {
      return Fail(ErrorKind::kSystem,
                  StrCat("the answer is longer than ", kMaxReplyBytes, " bytes"));
    }
    if (error && error != http::error::need_more) {
      return Fail(ErrorKind::kSystem, StrCat("the answer is not HTTP: ", error.message()));
    }
    if (!parser_.is_header_done()) return false;
    if (parser_.chunked()) return Fail(ErrorKind::kSystem, "the answer comes in chunks");
    // nydusd leaves the length out where there is no body, and never closes the connection.
    return parser_.is_done() || !parser_.content_length();
  }

  [[nodiscard]] HttpReply Take() {
    HttpReply reply{.status = static_cast<int>(parser_.get().result_int())};
    if (parser_.content_length()) reply.body = std::move(parser_.get().body());
    return reply;
  }

 private:
  // nydusd's "too many connections" ends its status line with the number; Beast wants a blank
  // behind it, as RFC 9112 does.
  bool CompleteStatusLine() {
    constexpr std::size_t kNumberEnd = std::string_view("HTTP/1.1 503").size();
    if (pending_.size() <= kNumberEnd) return pending_.contains('\n');
    if (pending_[kNumberEnd] == '\r') pending_.insert(kNumberEnd, 1, ' ');
    status_line_read_ = true;
    return true;
  }

  http::response_parser<http::string_body> parser_;
  std::string pending_;
  bool status_line_read_ = false;
};

Failure ClosedEarly() {
  return Failure(Error{.kind = ErrorKind::kSystem,
                       .errno_value = ECONNRESET,
                       .message = "nydusd closed the connection without a whole answer"});
}

Result<HttpReply> ReadReply(int fd, Deadline deadline) {
  ReplyReader reader;
  char buffer[16384];
  while (true) {
    const Result<std::size_t> size = ReceiveSome(fd, buffer, sizeof buffer, deadline);
    if (!size) return Failure(size.error());
    if (*size == 0) return ClosedEarly();
    const Result<bool> whole = reader.Feed({buffer, *size});
    if (!whole) return Failure(whole.error());
    if (*whole) return reader.Take();
  }
}

}  // namespace

Result<> CheckRequestSize(const std::string& method, const std::string& target,
                          const std::string& body) {
  const std::size_t line = StrCat(method, " ", target, " HTTP/1.1\r\n").size();
  if (line > kMaxRequestLineBytes) {
    return Fail(ErrorKind::kUsage,
                StrCat("the mount point or name is too long: the request's first "
                       "line has ",
                       line, " bytes, and nydusd takes ", kMaxRequestLineBytes));
  }
  if (body.size() > kMaxRequestBodyBytes) {
    return Fail(ErrorKind::kUsage,
                StrCat("source and configuration are too long: as JSON they have ", body.size(),
                       " bytes, and nydusd takes ", kMaxRequestBodyBytes));
  }
  return {};
}

Result<ApiConnection> ApiConnection::Open(const std::string& socket_path, Deadline deadline) {
  Result<ApiSocket> socket = ConnectApiSocket(socket_path, deadline);
  if (!socket) return Failure(std::move(socket.error()));
  return ApiConnection(std::move(*socket));
}

std::expected<HttpReply, ExchangeError> ApiConnection::Exchange(const std::string& method,
                                                                const std::string& target,
                                                                const std::string& body,
                                                                Deadline deadline) {
  bool sent = false;
  const auto exchange = [&]() -> Result<HttpReply> {
    if (Result<> fits = CheckRequestSize(method, target, body); !fits) return Failure(fits.error());
    // A daemon that has too many connections answers and closes without reading.
    Result<> done = SendAll(socket_.fd.get(), RequestText(method, target, body), deadline, sent);
    Result<HttpReply> answer = ReadReply(socket_.fd.get(), deadline);
    if (!done && !answer) return Failure(std::move(done.error()));
    return answer;
  };
  Result<HttpReply> reply = Fail(ErrorKind::kInternal, "HTTP");
  try {
    reply = exchange();
  } catch (const std::exception& exception) {
    reply = Fail(ErrorKind::kInternal, StrCat("HTTP: ", Escape(exception.what())));
  }
  if (reply) {
    reply->peer_pid = peer_pid();
    return std::move(*reply);
  }
  socket_.fd.reset();
  return std::unexpected(ExchangeError{.error = std::move(reply.error()), .sent = sent});
}

}  // namespace nydus
