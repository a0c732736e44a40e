// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "ctl/diagnose/doctor/node.h"

namespace nydus {

enum class FileSystemState {
  kPresent,   // in /proc/filesystems
  kLoadable,  // a module that the first mount loads
  kLocked,    // a module, and kernel.modules_disabled forbids to load it
  kAbsent,
  kUnknown,  // /proc/filesystems cannot be read
};

// Looks without loading anything.
FileSystemState StateOfFileSystem(const NodeView& node, std::string_view name);

// What the kernel answered to a mount helper's calls: 0, the error number, or kNotTried.
struct KernelTrial {
  static constexpr int kNotTried = -1;

  bool in_user_namespace = false;
  int mount_namespace = kNotTried;
  int scratch = kNotTried;      // a tmpfs to try on
  int overlay = kNotTried;      // mount(2) of two layers with an upper directory, and a file
  int context = kNotTried;      // the same through fsopen(2) ... move_mount(2), layer by layer
  int data_layers = kNotTried;  // datadir+
  int mount_setattr = kNotTried;
  int openat2 = kNotTried;
  bool layers_one_by_one = false;
};

// Mounts overlays on a tmpfs in a mount namespace that ends with a child process. An ordinary user
// gets a user namespace with it. Overlay has to be present, else the trial would load its module.
Result<KernelTrial> TryKernel();

}  // namespace nydus
