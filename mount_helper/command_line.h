// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace nydus {

// A mount helper's command line (mount(8), EXTERNAL HELPERS), with the forms that mount.fuse and
// containerd make of it. The options are still text.
struct CommandLine {
  std::string_view source;
  std::string_view target;
  std::string options;  // all -o joined by commas, in order
  bool has_options = false;
  bool fake = false;                // -f: everything but the mount
  bool verbose = false;             // -v: show the plan
  bool tolerant = false;            // -s: pass over unknown letters
  bool no_utab = false;             // -n: mount(8) keeps its own books; nothing to do for a helper
  std::string_view namespace_path;  // -N; empty if not given
  bool help = false;
  bool version = false;
};

// `arguments` without the program's name, whatever that is.
Result<CommandLine> ParseCommandLine(std::span<const char* const> arguments);

}  // namespace nydus
