// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace nydus {

// What one of the callers gave to the helper: containerd 1.6.20, 1.7.35 or 2.4.2, its shim or ctr,
// or mount(8), each with nydus-snapshotter v0.16.1.
struct CapturedCommandLine {
  struct Payload {
    std::string option;  // "extraoption" or "io.katacontainers.volume"
    std::string json;    // its decoded text
  };

  std::string name;
  std::string caller;
  std::vector<std::string> argv;
  std::vector<Payload> payloads;  // in the order of the options
  int go_helper_exit = 0;         // what nydus-snapshotter's own helper answered
};

// tests/data/captured-command-lines.json. Host paths are shortened; everything else is as recorded.
std::vector<CapturedCommandLine> CapturedCommandLines();

}  // namespace nydus
