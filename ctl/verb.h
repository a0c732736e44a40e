// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace nydus {

// Exit status of nydus-overlayctl as a tool for people.
enum class ExitStatus {
  kSuccess = 0,
  kUsage = 1,     // command line or input cannot be used
  kSystem = 2,    // the system failed: a file that cannot be read, no memory
  kFindings = 3,  // the work was done, and what was examined is bad
  kInternal = 4,  // a fault of ours
};

ExitStatus ExitStatusOf(const Error& error);

// What a verb leaves to main: text for standard output, and the exit status. A verb that makes
// something writes its text itself (standard_output.h), to undo it if that fails.
struct VerbOutcome {
  std::string output;
  ExitStatus status = ExitStatus::kSuccess;
};

using Operands = std::vector<std::string>;

// One verb of the tool. ctl/FILE.cc of its name defines it, with its flags, and calls the library
// that does the work; verbs.h lists it.
struct Verb {
  std::string_view name;         // one word or two: "inspect", "verity format"
  std::string_view operands;     // "IMAGE [HASH_FILE]"; empty if there are none
  std::string_view summary;      // a few words, for the list of verbs
  std::string_view description;  // paragraphs for its --help
  // The gflags it takes. They are defined beside it, with their help texts; those of all verbs are
  // in common_flags.h.
  std::span<const std::string_view> flags;
  Result<VerbOutcome> (*run)(const Operands& operands);
};

}  // namespace nydus
