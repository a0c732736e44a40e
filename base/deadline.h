// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace nydus {

// When to give up. Functions that may wait take one, so that the parts of a task share its time.
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline After(std::chrono::milliseconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

// What is left, never below zero, rounded up: poll(2) with it does not return early.
inline std::chrono::milliseconds TimeLeft(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace nydus
