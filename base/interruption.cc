// SPDX-License-Identifier: Apache-2.0
#include "base/interruption.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace nydus {

namespace {

constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

thread_local bool is_uninterrupted = false;

bool IsIgnored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : kSignals) {
    if (!IsIgnored(signal)) sigaddset(&signals, signal);
  }
  return signals;
}

void HoldEndingSignals() {
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Result<> CheckNotInterrupted() {
  if (is_uninterrupted) return {};
  sigset_t waiting;
  if (sigpending(&waiting) != 0) return FailErrno(ErrorKind::kSystem, errno, "sigpending");
  const bool interrupted =
      std::ranges::any_of(kSignals, [&](int signal) { return sigismember(&waiting, signal) == 1; });
  if (!interrupted) return {};
  return Failure(Error{ErrorKind::kSystem, EINTR, "interrupted by a signal", {}});
}

Uninterrupted::Uninterrupted() : before_(std::exchange(is_uninterrupted, true)) {}

Uninterrupted::~Uninterrupted() {
  is_uninterrupted = before_;
}

}  // namespace nydus
