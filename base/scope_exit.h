// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace nydus {

// Runs an undo action at the end of the scope unless Release() was called.
template <typename Action>
class [[nodiscard]] ScopeExit {
 public:
  explicit ScopeExit(Action action) : action_(std::move(action)) {}
  ScopeExit(const ScopeExit&) = delete;
  ScopeExit& operator=(const ScopeExit&) = delete;
  ~ScopeExit() {
    if (armed_) action_();
  }

  void Release() { armed_ = false; }

 private:
  Action action_;
  bool armed_ = true;
};

}  // namespace nydus
