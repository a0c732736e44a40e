// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

#include "base/error.h"

// Signals that ask a program to end, kept back while it does something that must be finished or
// undone.
namespace nydus {

// SIGINT, SIGTERM, SIGHUP and SIGQUIT, save those that whoever started the program has had ignored,
// as nohup(1) does.
sigset_t EndingSignals();

// From now on these signals wait. Threads and programs that are started later inherit that.
void HoldEndingSignals();

// An error (kSystem, errno EINTR) if a signal that is kept back has arrived: for the places where
// what was begun can be undone. None in a program that keeps no signals back.
Result<> CheckNotInterrupted();

// As long as one of these lives, CheckNotInterrupted() finds nothing in this thread: for what takes
// back, which must go on after the very signal that asked for it.
class [[nodiscard]] Uninterrupted {
 public:
  Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;
  ~Uninterrupted();

 private:
  bool before_;
};

}  // namespace nydus
