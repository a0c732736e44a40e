// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/error.h"

namespace nydus {

// The namespaces in which a record's mount and process IDs mean something: the inodes of
// /proc/self/ns/mnt and /proc/self/ns/pid (namespaces(7)).
struct Namespaces {
  std::uint64_t mount = 0;
  std::uint64_t process = 0;

  bool operator==(const Namespaces&) const = default;
};

Result<Namespaces> OwnNamespaces();

}  // namespace nydus
