// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/process/process_identity.h"
#include "kata/namespaces.h"
#include "kata/sandbox_paths.h"

namespace nydus {

// nydusd serves at most this many mounts in its life: their numbers have eight bits, and a guest
// mistakes a reused one for what it has cached (nydus issue 1694). The share is one of them.
inline constexpr std::size_t kMaxMountsOfNydusd = 255;
inline constexpr std::size_t kMaxContainers = kMaxMountsOfNydusd - 1;

inline constexpr std::size_t kMaxSandboxBinds = 64;

inline constexpr std::size_t kMaxFilesOfContainer = 128;

// A file or directory of the host that one container sees.
struct SharedFileRecord {
  std::string name;         // below submounts/; IsSharedFileName()
  std::uint64_t mount = 0;  // LastingMountId() of the bind; 0 without one
  bool shared = false;      // else whatever there is must be taken back

  bool operator==(const SharedFileRecord&) const = default;
};

// What was begun for one container. It is recorded before each step, so that whoever comes after a
// crash knows all that may be there.
struct ContainerRecord {
  enum class Phase {
    kSharing,    // in the making: whatever there is must be taken back
    kShared,     // handed over
    kUnsharing,  // being taken back
    kSpent,      // taken back; the name must not be used again while this nydusd lives
  };

  std::string id;
  Phase phase = Phase::kSharing;
  std::string request_digest;    // SHA-256 of what was handed over, in hexadecimal
  bool rafs = false;             // nydusd serves RafsMountPoint(id)
  bool bound_rootfs = false;     // rootfs/ is a directory of the host
  std::uint64_t bind_mount = 0;  // LastingMountId() of the snapshot or of rootfs/; 0 without one
  std::string direct_volume;     // the path whose mountInfo.json was written; empty without one
  std::uint64_t direct_volume_inode = 0;  // of that file; 0 before it was made
  std::vector<SharedFileRecord> files;    // at most kMaxFilesOfContainer

  // Whether it has a directory in the share.
  [[nodiscard]] bool HasDirectory() const { return rafs || bound_rootfs; }

  bool operator==(const ContainerRecord&) const = default;
};

// A directory of the host that all containers of the sandbox see read-only.
struct SandboxBindRecord {
  std::string name;  // below sandbox-mounts/
  std::uint64_t mount = 0;

  bool operator==(const SandboxBindRecord&) const = default;
};

struct SandboxRecord {
  enum class Phase { kCreating, kReady, kDeleting };

  std::string id;
  Phase phase = Phase::kCreating;
  ShareLayout layout = ShareLayout::kGo;
  Namespaces namespaces;                 // where it was made; its IDs mean nothing elsewhere
  std::uint64_t share_inode = 0;         // of the share's directory; 0 before it was made
  std::uint64_t view_mount = 0;          // LastingMountId() of the view
  std::vector<SandboxBindRecord> binds;  // at most kMaxSandboxBinds
  bool own_nydusd = true;                // started here, and stopped with the sandbox
  std::optional<ProcessIdentity> nydusd;
  std::string api_socket;
  std::string vhost_socket;     // empty if nydusd is not ours
  std::string log_file;         // likewise
  std::string request_digest;   // SHA-256 of what `sandbox create` was asked
  std::size_t mounts_made = 0;  // by this nydusd for this sandbox, ended ones included
  std::vector<ContainerRecord> containers;

  [[nodiscard]] ContainerRecord* FindContainer(std::string_view container);
  [[nodiscard]] const ContainerRecord* FindContainer(std::string_view container) const;
  // No container and no file has this mount: another one that is still to be attached has its ID
  // now.
  void ForgetMount(std::uint64_t mount);

  bool operator==(const SandboxRecord&) const = default;
};

// "creating", "sharing" and so on, as in the state file.
std::string_view SandboxPhaseName(SandboxRecord::Phase phase);
std::string_view ContainerPhaseName(ContainerRecord::Phase phase);

// The state file: one JSON object with a version number. Reading believes nothing: an unknown or
// missing member, a wrong type, a name that is no identifier, a relative path, too many of anything
// are errors (kSystem) that name the member.
std::string FormatSandboxRecord(const SandboxRecord& record);
Result<SandboxRecord> ParseSandboxRecord(std::string_view text, std::string_view sandbox);

}  // namespace nydus
