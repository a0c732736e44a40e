// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"
#include "ctl/verb.h"

namespace nydus {

// "standard input" for "-", else the path in quotes: how messages call an input.
std::string InputName(const std::string& path);

// The whole of a file, or of standard input if `path` is "-"; more than `limit` bytes are an error.
Result<std::string> ReadInput(const std::string& path, std::size_t limit);

// A mount's options as they stand behind -o, from a file or standard input: payloads among them
// hold credentials, and other users see the words of a command line. Line breaks at the end are
// dropped.
Result<std::string> ReadMountOptions(const std::string& path);

// The only operand of a verb that takes one file: "-" if there is none.
Result<std::string> FileOperand(const Operands& operands);

}  // namespace nydus
