// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/report.h"

#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

constexpr std::string_view kProgram = "mount.fuse.nydus-overlayfs";

}  // namespace

ExitCode ExitCodeOf(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUsage: return kExitUsage;
    case ErrorKind::kSystem: return kExitSystem;
    case ErrorKind::kMount:
    case ErrorKind::kUnsupported: return kExitMountFailed;
    case ErrorKind::kInternal: return kExitInternal;
  }
  std::unreachable();
}

std::string FormatFailure(const Error& error, std::string_view target) {
  std::string text = target.empty() ? "" : StrCat(Escape(target), ": ");
  text += error.message;
  if (!error.hint.empty()) text += StrCat(" (", error.hint, ")");
  return FormatRemark(text);
}

std::string FormatRemark(std::string_view text) {
  return StrCat(kProgram, ": ", text, "\n");
}

}  // namespace nydus
