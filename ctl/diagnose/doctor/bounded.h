// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "base/error.h"

namespace nydus {

// The longest answer of a bounded action, in bytes.
inline constexpr std::size_t kMaxBoundedAnswer = std::size_t{1024} * 1024;

// Runs `action` in a child process and returns its text. Past `limit` the child is killed and the
// error has errno ETIMEDOUT: a file system that hangs cannot hang the caller. A child within a
// system call that the kernel does not interrupt dies when that call ends. The caller has one
// thread.
Result<std::string> RunBounded(std::chrono::milliseconds limit,
                               const std::function<std::string()>& action);

}  // namespace nydus
