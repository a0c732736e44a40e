// SPDX-License-Identifier: Apache-2.0
#include "tests/support/result_matchers.h"

#include <utility>

namespace nydus {

namespace {

const char* NameOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage: return "kUsage";
    case ErrorKind::kSystem: return "kSystem";
    case ErrorKind::kMount: return "kMount";
    case ErrorKind::kUnsupported: return "kUnsupported";
    case ErrorKind::kInternal: return "kInternal";
  }
  std::unreachable();
}

}  // namespace

void PrintTo(ErrorKind kind, std::ostream* out) {
  *out << NameOf(kind);
}

void PrintTo(const Error& error, std::ostream* out) {
  *out << "error " << NameOf(error.kind) << " \"" << error.message << '"';
  if (error.errno_value != 0) *out << ", errno " << error.errno_value;
  if (!error.hint.empty()) *out << ", hint \"" << error.hint << '"';
}

}  // namespace nydus
