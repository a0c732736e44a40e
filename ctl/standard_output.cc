// SPDX-License-Identifier: Apache-2.0
#include "ctl/standard_output.h"

#include <unistd.h>

#include <csignal>

#include "base/file_writing.h"

namespace nydus {

Result<> WriteOutput(std::string_view text) {
  const int error = WriteAll(STDOUT_FILENO, text);
  if (error == 0) return {};
  return FailErrno(ErrorKind::kSystem, error, "cannot write the output");
}

Result<> WriteOutputOfMade(std::string_view text) {
  std::signal(SIGPIPE, SIG_IGN);
  return WriteOutput(text);
}

}  // namespace nydus
