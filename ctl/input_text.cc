// SPDX-License-Identifier: Apache-2.0
#include "ctl/input_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace nydus {

Result<std::string> ReadInput(const std::string& path, std::size_t limit) {
  if (path == "-") {
    Result<std::string> text = ReadAll(STDIN_FILENO, limit);
    if (!text) return Failure(Wrap(std::move(text.error()), "standard input"));
    return text;
  }
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return FailErrno(ErrorKind::kSystem, errno, Quote(path));
  Result<std::string> text = ReadAll(fd.get(), limit);
  if (!text) return Failure(Wrap(std::move(text.error()), Quote(path)));
  return text;
}

Result<std::string> FileOperand(const Operands& operands) {
  if (operands.size() > 1) {
    return Fail(ErrorKind::kUsage, "more than one file is given");
  }
  return operands.empty() ? "-" : operands.front();
}

}  // namespace nydus
