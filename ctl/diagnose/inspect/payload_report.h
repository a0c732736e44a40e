// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ctl/diagnose/inspect/inspection.h"

namespace nydus {

// By which rules Kata's runtimes tell a mount of nydus-snapshotter by its type: IsNydusRootFSType
// of Kata's Go runtime (virtcontainers/kata_agent.go), and NYDUS_ROOTFS_TYPE of its Rust runtime
// (crates/resource/src/rootfs/nydus_rootfs.rs).
bool KataGoTakesType(std::string_view type);
bool KataRustTakesType(std::string_view type);

// All payloads of one mount of the given type, judged each by itself and all together.
std::vector<PayloadReport> ReportPayloads(const std::vector<Payload>& payloads,
                                          std::string_view type);

}  // namespace nydus
