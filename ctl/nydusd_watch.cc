// SPDX-License-Identifier: Apache-2.0
#include "ctl/nydusd_watch.h"

#include <poll.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "base/interruption.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace nydus {

namespace {

constexpr std::size_t kShownLogLines = 10;

// True if the process has ended, false if a signal asks us to end.
Result<bool> WaitForEndOrSignal(int pidfd) {
  const sigset_t signals = EndingSignals();
  const UniqueFd asked(signalfd(-1, &signals, SFD_CLOEXEC));
  if (!asked.ok()) return FailErrno(ErrorKind::kSystem, errno, "signalfd");
  pollfd waited[] = {{.fd = pidfd, .events = POLLIN, .revents = 0},
                     {.fd = asked.get(), .events = POLLIN, .revents = 0}};
  while (poll(waited, std::size(waited), -1) < 0) {
    if (errno != EINTR) return FailErrno(ErrorKind::kSystem, errno, "poll");
  }
  return waited[0].revents != 0;
}

void GiveDeathNotice(const StartedNydusd& nydusd, const std::string& how) {
  std::string notice =
      StrCat("nydus-overlayctl: nydusd (process ", nydusd.process.pid, ") has ended: ", how,
             "; the end of its log ", Quote(nydusd.output.log_file), ":\n");
  for (const std::string& line : LastWords(nydusd.output, kShownLogLines)) {
    notice += StrCat("  ", line, "\n");
  }
  std::fputs(notice.c_str(), stderr);
}

}  // namespace

Result<ExitStatus> WatchNydusd(const StartedNydusd& nydusd, const NydusdSettings& settings) {
  const Result<bool> ended = WaitForEndOrSignal(nydusd.pidfd.get());
  if (!ended) return Failure(ended.error());
  // Of a daemon that has ended, this removes the sockets.
  const Result<> stopped = StopNydusd(nydusd.process, settings.vhost_socket, settings.api_socket);
  if (*ended) {
    const Result<std::string> how = ReapChild(nydusd.pidfd.get());
    if (!how) return Failure(how.error());
    GiveDeathNotice(nydusd, *how);
    return ExitStatus::kFindings;
  }
  if (!stopped) return Failure(stopped.error());
  return ExitStatus::kSuccess;
}

}  // namespace nydus
