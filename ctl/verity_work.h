// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <chrono>
#include <stop_token>
#include <thread>

#include "snapshot/verity/level_hashing.h"

namespace nydus {

// Work on an image that is watched. While this exists, standard error shows the progress if it is a
// terminal, and what would kill the process ends the work instead: SIGINT, SIGTERM, SIGHUP and
// SIGQUIT unless they are ignored, and SIGXFSZ, which becomes an error of the write.
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
  struct sigaction old_size_action_ = {};
  std::stop_source interrupted_;
  std::jthread signal_thread_;
};

}  // namespace nydus
