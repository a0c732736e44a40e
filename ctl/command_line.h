// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"
#include "ctl/verb.h"

namespace nydus {

// What a command line asks for.
struct Invocation {
  const Verb* verb = nullptr;  // null: the tool's own --help or --version
  std::string_view group;      // --help for the verbs that begin with this word
  bool help = false;
  bool version = false;
  Operands operands;
};

// Reads `arguments` (without the program's name) and sets the gflags named there. Only flags of the
// verb are known, so gflags' own ones, which read files and the environment, are refused. Flags
// begin with two dashes and may stand anywhere behind the verb; everything behind `--` is an
// operand, and so is a lone `-`. A dash inside a name may be written for an underscore.
Result<Invocation> ParseInvocation(std::span<const char* const> arguments,
                                   std::span<const Verb> verbs);

}  // namespace nydus
