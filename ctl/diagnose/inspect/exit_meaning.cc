// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/exit_meaning.h"

#include <csignal>

#include "mount_helper/report.h"

namespace nydus {

std::string_view ExitStatusMeaning(int status) {
  constexpr int kInterrupted = 8;  // these two: man page mount(8)
  constexpr int kUtab = 16;
  constexpr int kCannotExecute = 126;  // these two: POSIX, Shell Command Language, 2.8.2
  constexpr int kNotFound = 127;
  switch (status) {
    case kExitSuccess: return "mounted";
    case kExitUsage:
      return "wrong command line, option or payload, or a missing privilege; the Go helper's "
             "status for every failure";
    case kExitSystem: return "system error: out of memory, or nydus-overlayctl cannot be run";
    case kExitInternal: return "internal error";
    case kInterrupted: return "mount(8) was interrupted";
    case kUtab: return "mount(8) cannot write or lock /run/mount/utab";
    case kExitMountFailed:
      return "the mount failed: the target or a layer cannot be used, or the kernel refused";
    case kCannotExecute: return "the shell found the program, but could not run it";
    case kNotFound: return "the shell did not find the program, or the program its libraries";
    default: return "";
  }
}

std::optional<int> SignalOfGoName(std::string_view text) {
  struct Named {
    std::string_view name;
    int signal;
  };
  constexpr Named kNames[] = {
      {"hangup", SIGHUP},
      {"interrupt", SIGINT},
      {"quit", SIGQUIT},
      {"illegal instruction", SIGILL},
      {"aborted", SIGABRT},
      {"bus error", SIGBUS},
      {"floating point exception", SIGFPE},
      {"killed", SIGKILL},
      {"segmentation fault", SIGSEGV},
      {"broken pipe", SIGPIPE},
      {"alarm clock", SIGALRM},
      {"terminated", SIGTERM},
  };
  for (const Named& named : kNames) {
    if (text.starts_with(named.name)) return named.signal;
  }
  return std::nullopt;
}

}  // namespace nydus
