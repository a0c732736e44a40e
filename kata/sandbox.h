// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "kata/sandbox_paths.h"
#include "kata/sandbox_record.h"

namespace nydus {

// What a sandbox is to be. One guest, one nydusd, one share.
struct SandboxRequest {
  std::string id;  // an identifier
  ShareLayout layout = ShareLayout::kGo;
  // Host directories or files that the guest sees read-only below sandbox-mounts/, by their last
  // component.
  std::vector<std::string> binds;
  // Of a nydusd that runs already. Empty: one is started here.
  std::string api_socket;
  // For the nydusd that is started here.
  std::string nydusd;        // its program
  std::string vhost_socket;  // empty: in the state directory
  std::vector<std::string> nydusd_arguments;
  bool debug = false;
};

struct CreatedSandbox {
  SandboxRecord record;
  bool is_new = true;  // false: it was there, just so
};

// Prepares the share, starts nydusd or takes the one that is there, and has it serve the share.
// An identical sandbox whose nydusd lives is success. After an error nothing is left.
Result<CreatedSandbox> CreateSandbox(const KataDirectories& directories,
                                     const SandboxRequest& request, Deadline deadline);

// kMount, with what makes it.
Failure NoSuchSandbox(const std::string& id);

// Nothing is changed.
Result<SandboxRecord> ReadSandbox(const KataDirectories& directories, const std::string& id,
                                  Deadline deadline);
Result<std::vector<std::string>> SandboxNames(const KataDirectories& directories);

// Takes back every container, stops nydusd if it is ours, takes the share down. Goes on past
// failures; the error then tells all of them and the state stays, so that it can be repeated.
// False if there is no such sandbox.
Result<bool> DeleteSandbox(const KataDirectories& directories, const std::string& id,
                           Deadline deadline);

}  // namespace nydus
