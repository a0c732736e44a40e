// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/process/process_identity.h"
#include "base/unique_fd.h"

namespace nydus {

// What to run, and how. The child leads a session of its own in the directory /, has default signal
// dispositions and none blocked, the umask 0077, no inherited descriptor but its output, and the
// OOM score adjustment 0.
struct ChildProgram {
  std::string path;                      // absolute; PATH is never searched
  std::vector<std::string> arguments;    // without the program's name
  std::vector<std::string> environment;  // "NAME=VALUE", all of it
  int output_fd = -1;                    // standard output and error; -1: /dev/null
  bool dies_with_parent = false;         // SIGKILL when the thread that started it ends
};

// A child that exists and waits: its identity can be recorded before the program does anything, so
// that a crash in between leaves no process that nobody knows of. If the parent ends before
// Proceed(), so does the child.
class HeldChild {
 public:
  static Result<HeldChild> Fork(const ChildProgram& program);
  HeldChild(HeldChild&&) = default;
  HeldChild& operator=(HeldChild&&) = delete;
  ~HeldChild();  // ends a child that never proceeded, and waits for it

  [[nodiscard]] const ProcessIdentity& identity() const { return identity_; }

  // Lets it execute the program. kSystem, and the child is gone, if that cannot be executed.
  // Returns the child's pidfd.
  Result<UniqueFd> Proceed();

 private:
  HeldChild() = default;

  ProcessIdentity identity_;
  UniqueFd pidfd_;
  UniqueFd go_;       // to release the child; open as long as it is held
  UniqueFd failure_;  // carries errno of a failed exec; closed by a successful one
};

}  // namespace nydus
