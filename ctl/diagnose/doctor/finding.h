// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace nydus {

enum class Severity {
  kOk,       // looked at and good
  kNote,     // worth knowing, or a check that could not be made
  kWarning,  // some mounts fail, or something else is wrong
  kError,    // keeps Nydus mounts from working
};

// What a check of the node found. All text is printable: untrusted text in it has gone through
// Escape() or Quote() (base/text.h), and nothing of a configuration but its paths and the values
// of its switches is in it.
struct Finding {
  std::string id;  // stable: scripts and nydus-overlayctl(1) know it by this
  Severity severity = Severity::kOk;
  std::string what;
  std::string why;     // what follows from it; empty if it is good
  std::string remedy;  // what to do; empty if there is nothing to do

  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

inline Finding Good(std::string id, std::string what) {
  return {std::move(id), Severity::kOk, std::move(what), {}, {}};
}

inline Finding Note(std::string id, std::string what, std::string why, std::string remedy = {}) {
  return {std::move(id), Severity::kNote, std::move(what), std::move(why), std::move(remedy)};
}

inline Finding Warning(std::string id, std::string what, std::string why, std::string remedy) {
  return {std::move(id), Severity::kWarning, std::move(what), std::move(why), std::move(remedy)};
}

inline Finding Bad(std::string id, std::string what, std::string why, std::string remedy) {
  return {std::move(id), Severity::kError, std::move(what), std::move(why), std::move(remedy)};
}

// A check that could not be made; it says nothing about the node.
inline Finding NotChecked(std::string what, std::string why, std::string remedy = {}) {
  return Note("not-checked", std::move(what), std::move(why), std::move(remedy));
}

}  // namespace nydus
