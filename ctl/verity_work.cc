// SPDX-License-Identifier: Apache-2.0
#include "ctl/verity_work.h"

#include <system_error>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

#include "base/interruption.h"
#include "base/text.h"

namespace nydus {

namespace {

constexpr auto kShowEvery = std::chrono::milliseconds(100);
constexpr timespec kSignalWait = {.tv_sec = 0, .tv_nsec = 50'000'000};
// ECMA-48: back to the first column, erase the line.
constexpr std::string_view kClearLine = "\r\x1b[K";

void WaitForSignal(const std::stop_token& done, const std::stop_source& interrupted,
                   const sigset_t& signals) {
  while (!done.stop_requested()) {
    if (sigtimedwait(&signals, nullptr, &kSignalWait) > 0) interrupted.request_stop();
  }
}

}  // namespace

WatchedWork::WatchedWork() : on_terminal_(isatty(STDERR_FILENO) == 1) {
  // Before any thread starts, so that all of them leave these signals to the one that waits.
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, &old_mask_);
  // A limit of the file size is then an error of write(2), after which we can clean up.
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &ignore, &old_size_action_);
  try {
    signal_thread_ = std::jthread(WaitForSignal, interrupted_, signals);
  } catch (const std::system_error&) {
    // No thread to be had: better a signal that ends the process than one that nobody takes.
    pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  }
}

WatchedWork::~WatchedWork() {
  if (shown_) std::fputs(std::string(kClearLine).c_str(), stderr);
  signal_thread_ = {};
  sigaction(SIGXFSZ, &old_size_action_, nullptr);
  pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
}

VerityControl WatchedWork::Control() {
  VerityControl control{.stop = interrupted_.get_token()};
  if (on_terminal_) {
    control.progress = [this](std::uint64_t done, std::uint64_t total) {
      ShowProgress(done, total);
    };
  }
  return control;
}

void WatchedWork::ShowProgress(std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_shown_ < kShowEvery) return;
  last_shown_ = now;
  shown_ = true;
  constexpr std::uint64_t kMegabyte = 1'000'000;
  const auto percent =
      static_cast<std::uint64_t>(static_cast<double>(done) * 100 / static_cast<double>(total));
  std::fputs(StrCat(kClearLine, percent, " % of ", total / kMegabyte, " MB").c_str(), stderr);
}

}  // namespace nydus
