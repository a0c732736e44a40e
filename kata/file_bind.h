// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"
#include "kata/container_share.h"
#include "kata/failure_list.h"
#include "kata/sandbox_record.h"

namespace nydus {

// A file that a container is to see, settled before anything is changed.
struct FilePlan {
  std::string name;        // SharedFileName()
  UniqueFd source;         // O_PATH of a regular file or a directory
  bool read_only = false;  // for the guest too
};

// Binds the source beside the containers' directories, without the mounts below it and out of reach
// of those made there later (Kata: bindMount, private). It is in the record before it is made, and
// marked as shared once the guest sees it. After a failure TakeBackFiles() undoes what was done.
Result<> BindFile(const OpenSandbox& sandbox, ContainerRecord& container, const FilePlan& plan);

// Unmounts and removes every file of the container that is not marked as shared, and takes it out
// of the record, which is not saved. What is not there any more is no failure.
void TakeBackFiles(const OpenSandbox& sandbox, ContainerRecord& container, FailureList& failures);

}  // namespace nydus
