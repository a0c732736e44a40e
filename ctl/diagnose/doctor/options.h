// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace nydus {

// What the caller of doctor says about the node. Empty: found out from the running programs, else
// the place where the program looks by itself.
struct DoctorOptions {
  std::string containerd_configuration;
  std::string snapshotter_configuration;
};

}  // namespace nydus
