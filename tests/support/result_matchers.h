// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include <gmock/gmock.h>

#include "base/error.h"

namespace nydus {

// GoogleTest finds these three by the type's namespace, so that a failed expectation shows the
// error and not the bytes of the object.
void PrintTo(ErrorKind kind, std::ostream* out);
void PrintTo(const Error& error, std::ostream* out);

template <typename T>
void PrintTo(const Result<T>& result, std::ostream* out) {
  if (result) {
    *out << "a value";
  } else {
    PrintTo(result.error(), out);
  }
}

// EXPECT_THAT(result, IsOk());
MATCHER(IsOk, negation ? "is an error" : "is a value") {
  return arg.has_value();
}

// EXPECT_THAT(result, HasError(ErrorKind::kUsage, "part of the message"));
MATCHER_P2(HasError, kind, part,
           "is an error " + testing::PrintToString(kind) + " with " +
               testing::PrintToString(part)) {
  if (arg.has_value() || arg.error().kind != kind) return false;
  return arg.error().message.find(part) != std::string::npos;
}

}  // namespace nydus
