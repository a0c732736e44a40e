// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cstring>

#include "base/text.h"

namespace nydus {

Failure FailErrno(ErrorKind kind, int errno_value, std::string_view what, std::string hint) {
  return Failure(
      Error{kind, errno_value, StrCat(what, ": ", std::strerror(errno_value)), std::move(hint)});
}

Error Wrap(Error error, std::string_view context) {
  error.message = StrCat(context, ": ", error.message);
  return error;
}

}  // namespace nydus
