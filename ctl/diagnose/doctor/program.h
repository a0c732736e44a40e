// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/diagnose/doctor/node.h"

namespace nydus {

// The largest program whose maker is looked for, in bytes. The Go helpers have 4 MB.
inline constexpr std::size_t kMaxProgramBytes = std::size_t{32} * 1024 * 1024;

// systemd's PATH of services (`systemd-path search-binaries-default`).
inline constexpr std::string_view kServicePath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The most directories of a PATH that are searched.
inline constexpr std::size_t kMaxPathDirectories = 256;

enum class ProgramMaker {
  kOurs,     // the mount helper of this project
  kGo,       // any program built by Go
  kOther,    // none of both
  kUnknown,  // could not be read
};

// Who made a program, read from its bytes; nothing is executed.
struct ProgramIdentity {
  ProgramMaker maker = ProgramMaker::kUnknown;
  // Ours: "0.1.0 (musl)". Go: the package and its module's version, if the program tells them.
  std::string description;  // printable

  bool operator==(const ProgramIdentity&) const = default;
};

// Ours is known by its --version text (mount_helper/help_text.h). A Go program has build
// information, whose layout is in Go's src/debug/buildinfo/buildinfo.go; it is read since Go 1.18's
// form.
ProgramIdentity IdentifyProgram(std::string_view bytes);

enum class ProgramFault { kNone, kDanglingLink, kNoRegularFile, kNotExecutable, kNoexecMount };

// A file that a search for a program meets.
struct Program {
  std::string path;
  ProgramFault fault = ProgramFault::kNone;
  bool only_root_writes = true;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  ProgramIdentity identity;

  [[nodiscard]] bool IsUsable() const { return fault == ProgramFault::kNone; }
};

// Nothing if the file does not exist. A file that may not be looked at is one without a fault and
// with an unknown maker.
std::optional<Program> LookAtProgram(const NodeView& node, const std::string& path);

// Every file of this name in the directories of `search_path`, in its order, each only once. Empty
// and relative directories are passed over, as Go's exec.LookPath does.
std::vector<Program> FindOnPath(const NodeView& node, std::string_view search_path,
                                std::string_view name);

// "is not executable", for a message behind the path. The program has a fault.
std::string_view DescribeFault(ProgramFault fault);

}  // namespace nydus
