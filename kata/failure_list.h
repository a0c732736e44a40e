// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace nydus {

// What went wrong while cleaning up, which goes on past each failure and tells all of them.
class FailureList {
 public:
  void Add(const Error& error) {
    if (!first_) {
      first_ = error;
    } else {
      first_->message = StrCat(first_->message, "; ", error.message);
    }
  }
  // Adds the failure, if it is one. Returns whether it was a success.
  template <typename T>
  bool Check(const Result<T>& result, std::string_view context) {
    if (!result) Add(Wrap(result.error(), context));
    return result.has_value();
  }

  [[nodiscard]] bool empty() const { return !first_; }
  [[nodiscard]] Result<> Finish() && {
    if (!first_) return {};
    return Failure(std::move(*first_));
  }

 private:
  std::optional<Error> first_;
};

// How long undoing may take beyond the caller's deadline, which may have passed already.
inline constexpr std::chrono::seconds kUndoTime{30};

// `error`, and what could not be undone after it; then `hint` says how to undo the rest.
inline Failure WithUndoFailure(Error error, const Result<>& undone, std::string_view hint) {
  if (!undone) {
    error.message += StrCat("; and then: ", undone.error().message);
    error.hint = hint;
  }
  return Failure(std::move(error));
}

}  // namespace nydus
