// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

// Signals that ask a program to end, kept back while it does something that must be finished or
// undone.
namespace nydus {

// SIGINT, SIGTERM, SIGHUP and SIGQUIT, save those that whoever started the program has had ignored,
// as nohup(1) does.
sigset_t EndingSignals();

// From now on these signals wait. Threads and programs that are started later inherit that.
void HoldEndingSignals();

// A signal that is kept back has arrived. Never so in a program that keeps none back.
bool EndingSignalWaits();

}  // namespace nydus
