// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"

namespace nydus {

// nydusd's HTTP API, version 1 (nydus: api/src/http_endpoint_v1.rs).

struct NydusdMountEntry {
  std::string mount_point;  // as it was sent when it was mounted
  std::string type;         // "Rafs", "PassthroughFs"

  bool operator==(const NydusdMountEntry&) const = default;
};

// GET /api/v1/daemon, without the configurations of its mounts, which may hold credentials.
struct NydusdInformation {
  pid_t pid = 0;                         // of the process that answered
  std::string version;                   // "v2.2.0"; "unknown" from some builds
  std::string id;                        // empty if it was started without
  std::string state;                     // kNydusdRunning, "INIT", "READY", "STOPPED"
  std::vector<NydusdMountEntry> mounts;  // sorted by mount point

  [[nodiscard]] const NydusdMountEntry* FindMount(std::string_view mount_point) const;

  bool operator==(const NydusdInformation&) const = default;
};

inline constexpr std::string_view kNydusdRunning = "RUNNING";

struct NydusdMount {
  std::string mount_point;  // CheckMountPoint()
  std::string type;         // "rafs" or "passthrough_fs"
  std::string source;       // bootstrap file, or directory
  std::string config;       // nydusd's configuration, passed on byte for byte; never printed
};

// Whether it can be asked for at all, by any daemon; kUsage. Of source and configuration messages
// say nothing but what is wrong with them.
Result<> CheckNydusdMount(const NydusdMount& mount);

// Whether the daemon could take a mount there: it is RUNNING, and nothing is mounted at, above or
// below the mount point; kMount.
Result<> CheckFree(const NydusdInformation& information, std::string_view mount_point);

// Whether this error of a NydusdClient says that its socket is not there or that nobody listens.
bool IsNoDaemon(const Error& error);

// The parts of GET /api/v1/metrics: "", "files", "pattern", "backend", "blobcache", "inflight".
bool IsMetricsPart(std::string_view part);

// One daemon, by its API socket. Every call opens its own connection, waits at most until
// `deadline`, and fails with kSystem if there is no daemon, kMount if the daemon refuses or is
// silent, kUsage if the socket is not to be trusted or what is asked for cannot be sent. Messages
// of the daemon are escaped and cut.
//
// nydusd 2.2.0 aborts if it is asked for information between SIGTERM and its end; whoever stops it
// asks nothing any more.
class NydusdClient {
 public:
  explicit NydusdClient(std::string api_socket) : api_socket_(std::move(api_socket)) {}

  // The process that listens on the socket.
  [[nodiscard]] Result<pid_t> Pid(Deadline deadline) const;
  [[nodiscard]] Result<NydusdInformation> Information(Deadline deadline) const;
  // Returns once the state is RUNNING. For a daemon that was just started: a socket that nobody
  // listens on yet, or that is not there yet, is waited for. A signal that is kept back ends the
  // wait (base/interruption.h), and so does the end of its process where `pidfd` is given.
  [[nodiscard]] Result<NydusdInformation> WaitUntilRunning(Deadline deadline, int pidfd = -1) const;
  // Success only if nydusd says 204, or, after a doubtful answer, lists the mount. Begins with
  // CheckNydusdMount() and CheckFree().
  [[nodiscard]] Result<> Mount(const NydusdMount& mount, Deadline deadline) const;
  // The same for a caller that has asked a moment ago.
  [[nodiscard]] Result<> Mount(const NydusdMount& mount, const NydusdInformation& before,
                               Deadline deadline) const;
  // True if it was mounted, false if nothing was. Settles doubtful answers likewise.
  [[nodiscard]] Result<bool> Umount(const std::string& mount_point, Deadline deadline) const;
  // The same for a caller that has asked a moment ago.
  [[nodiscard]] Result<bool> Umount(const std::string& mount_point, const NydusdInformation& before,
                                    Deadline deadline) const;
  // Texts of JSON as nydusd wrote them.
  [[nodiscard]] Result<std::string> Backend(const std::string& mount_point,
                                            Deadline deadline) const;
  [[nodiscard]] Result<std::string> Metrics(const std::string& part, const std::string& id,
                                            Deadline deadline) const;
  // Ends the daemon without unmounting; a connection that it closes instead of answering counts as
  // its answer. The process still has to be waited for.
  [[nodiscard]] Result<> Exit(Deadline deadline) const;

 private:
  std::string api_socket_;
};

}  // namespace nydus
