// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// Sees to it that a process that was started does not outlive an attempt that was cut short: a
// small child of ours that kills it, and removes its files, if we end before Release(), in
// whatever way. It holds the descriptors that are open now, and with them their locks, until then.
class ProcessGuard {
 public:
  static Result<ProcessGuard> Start(int pidfd, const std::vector<std::string>& files);
  ProcessGuard(ProcessGuard&&) = default;
  ProcessGuard& operator=(ProcessGuard&&) = delete;
  ~ProcessGuard() { Release(); }

  // The attempt is over: the process is left alone from here on, and the guard is gone on return.
  void Release();

 private:
  ProcessGuard(UniqueFd pidfd, UniqueFd release)
      : pidfd_(std::move(pidfd)), release_(std::move(release)) {}

  UniqueFd pidfd_;
  UniqueFd release_;  // a byte through it ends the guard; its closing alone sets it off
};

}  // namespace nydus
