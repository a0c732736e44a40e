// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <ctime>

#include "base/interruption.h"

namespace nydus {

// For a test that keeps signals back: leaves the process with them as it found it.
class RestoredSignals {
 public:
  RestoredSignals() {
    pthread_sigmask(SIG_SETMASK, nullptr, &old_mask_);
    sigaction(SIGHUP, nullptr, &old_hangup_);
  }
  RestoredSignals(const RestoredSignals&) = delete;
  RestoredSignals& operator=(const RestoredSignals&) = delete;

  ~RestoredSignals() {
    const sigset_t signals = EndingSignals();
    constexpr timespec kNoTime = {};
    while (sigtimedwait(&signals, nullptr, &kNoTime) > 0) {
    }
    sigaction(SIGHUP, &old_hangup_, nullptr);
    pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  }

 private:
  sigset_t old_mask_ = {};
  struct sigaction old_hangup_ = {};
};

}  // namespace nydus
