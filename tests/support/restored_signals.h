// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <csignal>
#include <ctime>

#include "base/interruption.h"

namespace nydus {

// For a test that keeps signals back. The test finds none of them ignored, although whoever started
// it may have wanted that (a shell does, of what it runs in the background), and leaves the process
// as it was.
class RestoredSignals {
 public:
  RestoredSignals() {
    pthread_sigmask(SIG_SETMASK, nullptr, &old_mask_);
    for (Disposition& disposition : old_dispositions_) {
      sigaction(disposition.signal, nullptr, &disposition.action);
      ::signal(disposition.signal, SIG_DFL);
    }
  }
  RestoredSignals(const RestoredSignals&) = delete;
  RestoredSignals& operator=(const RestoredSignals&) = delete;

  ~RestoredSignals() {
    const sigset_t signals = EndingSignals();
    constexpr timespec kNoTime = {};
    while (sigtimedwait(&signals, nullptr, &kNoTime) > 0) {
    }
    for (const Disposition& disposition : old_dispositions_) {
      sigaction(disposition.signal, &disposition.action, nullptr);
    }
    pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  }

 private:
  struct Disposition {
    int signal;
    struct sigaction action;
  };

  sigset_t old_mask_ = {};
  std::array<Disposition, 4> old_dispositions_ = {
      {{SIGINT, {}}, {SIGTERM, {}}, {SIGHUP, {}}, {SIGQUIT, {}}}};
};

}  // namespace nydus
