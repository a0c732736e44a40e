// SPDX-License-Identifier: Apache-2.0
#include "ctl/input_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"

namespace nydus {

namespace {

// Somebody gave the text where its file's name belongs: it may hold credentials.
bool IsTextInsteadOfName(std::string_view name) {
  constexpr std::string_view kJson = "{";
  constexpr std::string_view kJsonInBase64 = "eyJ";
  return name.starts_with(kJson) || name.starts_with(kJsonInBase64) || name.contains("{\"") ||
         name.contains(StrCat(kExtraOptionName, "=")) ||
         name.contains(StrCat(kKataVolumeOptionName, "="));
}

}  // namespace

std::string InputName(const std::string& path) {
  return path == "-" ? "standard input" : Quote(path);
}

Result<std::string> ReadInput(const std::string& path, std::size_t limit) {
  if (path == "-") {
    Result<std::string> text = ReadAll(STDIN_FILENO, limit);
    if (!text) return Failure(Wrap(std::move(text.error()), InputName(path)));
    return text;
  }
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) {
    const int error = errno;
    if (IsTextInsteadOfName(path)) {
      return Fail(ErrorKind::kUsage, "the operand is a text, not the name of a file",
                  "give the text on standard input: other users see the words of a command line");
    }
    return FailErrno(ErrorKind::kSystem, error, Quote(path));
  }
  Result<std::string> text = ReadAll(fd.get(), limit);
  if (!text) return Failure(Wrap(std::move(text.error()), InputName(path)));
  return text;
}

Result<std::string> ReadMountOptions(const std::string& path) {
  // All that a command line of the mount helper can hold, and more.
  constexpr std::size_t kMaxOptionsBytes = std::size_t{8} * 1024 * 1024;
  Result<std::string> text = ReadInput(path, kMaxOptionsBytes);
  if (!text) return text;
  if (text->contains('\0')) {
    return Fail(ErrorKind::kUsage, StrCat(InputName(path), ": holds a NUL"));
  }
  while (text->ends_with('\n')) text->pop_back();
  return text;
}

Result<std::string> FileOperand(const Operands& operands) {
  if (operands.size() > 1) {
    return Fail(ErrorKind::kUsage, "more than one file is given");
  }
  return operands.empty() ? "-" : operands.front();
}

}  // namespace nydus
