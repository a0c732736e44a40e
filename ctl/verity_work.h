// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <chrono>
#include <stop_token>
#include <thread>

#include "snapshot/verity/level_hashing.h"

namespace nydus {

// Work on an image that is watched: standard error shows the progress if it is a terminal, and
// SIGINT, SIGTERM and SIGHUP end the work instead of the process while this exists.
class WatchedWork {
 public:
  WatchedWork();
  WatchedWork(const WatchedWork&) = delete;
  WatchedWork& operator=(const WatchedWork&) = delete;
  ~WatchedWork();

  // To be used as long as this exists.
  [[nodiscard]] VerityControl Control();

 private:
  void ShowProgress(std::uint64_t done, std::uint64_t total);

  const bool on_terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_shown_;
  sigset_t old_mask_ = {};
  std::stop_source interrupted_;
  std::jthread signal_thread_;
};

}  // namespace nydus
