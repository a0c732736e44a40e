// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace nydus {

// What a caller can do about a failure. The exit code of a program follows from it alone.
enum class ErrorKind {
  kUsage,        // command line, option or payload is wrong, or the caller lacks a privilege
  kSystem,       // out of memory, a program that cannot be run, a file that cannot be read
  kMount,        // the target or a layer is unusable, or the kernel refuses the mount
  kUnsupported,  // this kernel lacks an interface; callers fall back on another one
  kInternal,     // a fault of ours
};

// A failure as a person reads it: "what: why (hint)".
// `message` is printable: untrusted text in it has gone through Quote() or Escape() (base/text.h).
struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::kInternal;
  int errno_value = 0;  // 0 when no system call failed
  std::string message;
  std::string hint;  // what to do about it; may be empty

  bool operator==(const Error&) const = default;
};

template <typename T = void>
using Result = std::expected<T, Error>;

using Failure = std::unexpected<Error>;

inline Failure Fail(ErrorKind kind, std::string message, std::string hint = {}) {
  return Failure(Error{kind, 0, std::move(message), std::move(hint)});
}

// "what: text of errno_value". Take errno before any other call can change it.
Failure FailErrno(ErrorKind kind, int errno_value, std::string_view what, std::string hint = {});

// Puts `context` in front of the message: "context: message".
Error Wrap(Error error, std::string_view context);

}  // namespace nydus
