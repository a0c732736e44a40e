// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/nydusd_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/interruption.h"
#include "base/process/process_identity.h"
#include "base/text.h"
#include "base/utf8.h"
#include "fuse/nydusd/api_connection.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_reply.h"
#include "snapshot/payload/json_writing.h"

namespace nydus {

namespace {

using std::chrono::milliseconds;

constexpr int kNoContent = 204;
constexpr int kOk = 200;

constexpr char kDaemonPath[] = "/api/v1/daemon";
constexpr char kMountPath[] = "/api/v1/mount";
constexpr char kMetricsPath[] = "/api/v1/metrics";

// Kata's (nydusd.go, waitUntilNydusAPIServerReady).
constexpr milliseconds kPollInterval{20};
// A daemon that starts may leave a connection unanswered.
constexpr milliseconds kProbeTime{1000};
// What is kept of the time for asking what became of a change: so much, but a quarter at most.
constexpr milliseconds kSettleTime{2000};
// Reading can be repeated; nydusd's HTTP server fails now and then (nydus issue 658).
constexpr int kMaxReadTries = 3;
constexpr std::string_view kTransientFault = "Resource temporarily unavailable";

using Reply = std::expected<HttpReply, ExchangeError>;

// One request on a connection of its own, which is closed afterwards.
Reply Ask(const std::string& api_socket, const std::string& method, const std::string& target,
          const std::string& body, Deadline deadline) {
  Result<ApiConnection> connection = ApiConnection::Open(api_socket, deadline);
  if (!connection) return std::unexpected(ExchangeError{.error = std::move(connection.error())});
  Reply reply = connection->Exchange(method, target, body, deadline);
  if (!reply && reply.error().error.kind != ErrorKind::kUsage) {
    reply.error().error =
        Wrap(std::move(reply.error().error), StrCat("nydusd at ", Quote(api_socket)));
  }
  return reply;
}

// nydusd itself answered, not the HTTP server around it, which may fail before or after nydusd has
// done what was asked.
bool IsVerdict(const std::optional<std::string>& message) {
  return message && !message->contains(kTransientFault);
}

Error RefusalOf(const HttpReply& reply) {
  const std::optional<std::string> message = ParseNydusdError(reply.body);
  if (!message) {
    return {.kind = ErrorKind::kMount,
            .message = StrCat("nydusd answered ", reply.status, " ", Quote(reply.body))};
  }
  return {.kind = ErrorKind::kMount,
          .message = StrCat("nydusd says ", Quote(*message)),
          .hint = std::string(HintForNydusdError(*message))};
}

Result<HttpReply> Read(const std::string& api_socket, const std::string& target,
                       Deadline deadline) {
  for (int tries = 1;; ++tries) {
    const Reply reply = Ask(api_socket, "GET", target, "", deadline);
    if (reply && (reply->status == kOk || reply->status == kNoContent)) return *reply;
    const bool doubtful = reply ? !IsVerdict(ParseNydusdError(reply->body)) : reply.error().sent;
    if (!doubtful || tries == kMaxReadTries || TimeLeft(deadline) <= kPollInterval) {
      return Failure(reply ? RefusalOf(*reply) : reply.error().error);
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

Result<std::string> ReadText(const std::string& api_socket, const std::string& target,
                             Deadline deadline) {
  Result<HttpReply> reply = Read(api_socket, target, deadline);
  if (!reply) return Failure(std::move(reply.error()));
  return std::move(reply->body);
}

// What is known of a change after one request.
struct Attempt {
  enum class Outcome { kDone, kRefused, kDoubtful };
  Outcome outcome = Outcome::kDone;
  Error error;  // why it is not done
};

Attempt TryChange(const std::string& api_socket, const std::string& method,
                  const std::string& target, const std::string& body, Deadline deadline) {
  using Outcome = Attempt::Outcome;
  Reply reply = Ask(api_socket, method, target, body, deadline);
  if (!reply) {
    return {.outcome = reply.error().sent ? Outcome::kDoubtful : Outcome::kRefused,
            .error = std::move(reply.error().error)};
  }
  if (reply->status == kNoContent) return {};
  const bool verdict = IsVerdict(ParseNydusdError(reply->body));
  return {.outcome = verdict ? Outcome::kRefused : Outcome::kDoubtful, .error = RefusalOf(*reply)};
}

// nydusd does one thing at a time, and reads nothing from a connection that is closed: what it
// lists on a new one, after the doubtful one was closed, is final.
Deadline BeforeSettling(Deadline deadline) {
  return deadline - std::min(kSettleTime, TimeLeft(deadline) / 4);
}

Error Unsettled(const Error& error, const Error& while_asking) {
  return {.kind = error.kind,
          .errno_value = error.errno_value,
          .message = StrCat(error.message,
                            ", and asking what became of it failed: ", while_asking.message),
          .hint = "it may have happened: `nydus-overlayctl nydusd status` lists what is mounted"};
}

std::string MountTarget(std::string_view mount_point) {
  return StrCat(kMountPath, "?mountpoint=", PercentEncode(mount_point));
}

bool Lies(const std::filesystem::path& path, const std::filesystem::path& below) {
  const std::filesystem::path relative = path.lexically_relative(below);
  return !relative.empty() && *relative.begin() != "..";
}

std::string MountBody(const NydusdMount& mount) {
  JsonObjectWriter writer;
  writer.AddString("fs_type", mount.type);
  writer.AddString("source", mount.source);
  writer.AddString("config", mount.config);
  return writer.Finish();
}

}  // namespace

const NydusdMountEntry* NydusdInformation::FindMount(std::string_view mount_point) const {
  const auto found = std::ranges::find(mounts, mount_point, &NydusdMountEntry::mount_point);
  return found == mounts.end() ? nullptr : &*found;
}

bool IsNoDaemon(const Error& error) {
  return error.errno_value == ENOENT || error.errno_value == ECONNREFUSED;
}

bool IsMetricsPart(std::string_view part) {
  constexpr std::array<std::string_view, 6> kParts = {"",        "files",     "pattern",
                                                      "backend", "blobcache", "inflight"};
  return std::ranges::find(kParts, part) != kParts.end();
}

Result<> CheckNydusdMount(const NydusdMount& mount) {
  if (Result<> valid = CheckMountPoint(mount.mount_point); !valid) return valid;
  if (mount.type != "rafs" && mount.type != "passthrough_fs") {
    return Fail(ErrorKind::kUsage,
                StrCat("file system ", Quote(mount.type), " is neither rafs nor passthrough_fs"));
  }
  if (!mount.source.starts_with('/')) {
    return Fail(ErrorKind::kUsage, "the source is no absolute path",
                "nydusd has another working directory");
  }
  // JSON can say nothing else, and nydusd must get what the caller has.
  if (!IsUtf8(mount.source)) return Fail(ErrorKind::kUsage, "the source's path is no UTF-8");
  if (!IsUtf8(mount.config)) return Fail(ErrorKind::kUsage, "the configuration is no UTF-8");
  return CheckRequestSize("POST", MountTarget(mount.mount_point), MountBody(mount));
}

// nydusd takes nested mounts and then serves only the outer one. Its own list holds paths as they
// were sent, with dots and doubled slashes.
Result<> CheckFree(const NydusdInformation& information, std::string_view mount_point) {
  if (information.state != kNydusdRunning) {
    return Fail(ErrorKind::kMount,
                StrCat("nydusd's state is ", Quote(information.state), ", not ", kNydusdRunning));
  }
  const std::filesystem::path wanted(mount_point);
  for (const NydusdMountEntry& mount : information.mounts) {
    const auto taken = std::filesystem::path(mount.mount_point).lexically_normal();
    const bool below = Lies(wanted, taken);
    const bool above = Lies(taken, wanted);
    if (below && above) return Fail(ErrorKind::kMount, "something is mounted there already");
    if (below || above) {
      return Fail(ErrorKind::kMount,
                  StrCat(below ? "lies below " : "contains ", Quote(mount.mount_point),
                         ", which is mounted; nydusd would hide one of them"));
    }
  }
  return {};
}

Result<pid_t> NydusdClient::Pid(Deadline deadline) const {
  const Result<ApiConnection> connection = ApiConnection::Open(api_socket_, deadline);
  if (!connection) return Failure(connection.error());
  return connection->peer_pid();
}

Result<NydusdInformation> NydusdClient::Information(Deadline deadline) const {
  const Result<HttpReply> reply = Read(api_socket_, kDaemonPath, deadline);
  if (!reply) return Failure(reply.error());
  Result<NydusdInformation> information = ParseNydusdInformation(reply->body);
  if (information) information->pid = reply->peer_pid;
  return information;
}

Result<NydusdInformation> NydusdClient::WaitUntilRunning(Deadline deadline, int pidfd) const {
  std::string state;
  while (true) {
    const bool has_little_time = TimeLeft(deadline) < kProbeTime;
    Result<NydusdInformation> information = Information(std::min(deadline, After(kProbeTime)));
    if (information && information->state == kNydusdRunning) return information;
    if (information) state = information->state;
    if (!information && information.error().kind == ErrorKind::kUsage) return information;
    if (Result<> going_on = CheckNotInterrupted(); !going_on) {
      return Failure(std::move(going_on.error()));
    }
    if (TimeLeft(deadline) <= kPollInterval) {
      constexpr std::string_view kContext = "nydusd is not running in time";
      // A question that the deadline cut short says less than the answer before it.
      const bool was_cut_short =
          has_little_time && !information && information.error().kind == ErrorKind::kMount;
      if (!information && (state.empty() || !was_cut_short)) {
        return Failure(Wrap(std::move(information.error()), kContext));
      }
      return Fail(ErrorKind::kMount, StrCat(kContext, ": nydusd at ", Quote(api_socket_),
                                            ": its state is ", Quote(state)));
    }
    const Result<bool> ended = WaitForEnd(pidfd, After(kPollInterval));  // without one, just waits
    if (!ended) return Failure(ended.error());
    if (*ended) return Fail(ErrorKind::kSystem, "has ended");
  }
}

Result<> NydusdClient::Mount(const NydusdMount& mount, Deadline deadline) const {
  if (Result<> valid = CheckNydusdMount(mount); !valid) return valid;
  const Result<NydusdInformation> before = Information(deadline);
  if (before) return Mount(mount, *before, deadline);
  return Failure(Wrap(before.error(), StrCat("mount of ", Quote(mount.mount_point))));
}

Result<> NydusdClient::Mount(const NydusdMount& mount, const NydusdInformation& before,
                             Deadline deadline) const {
  if (Result<> valid = CheckNydusdMount(mount); !valid) return valid;
  const std::string context = StrCat("mount of ", Quote(mount.mount_point));
  const Result<> free = CheckFree(before, mount.mount_point);
  if (!free) return Failure(Wrap(free.error(), context));

  const Attempt attempt = TryChange(api_socket_, "POST", MountTarget(mount.mount_point),
                                    MountBody(mount), BeforeSettling(deadline));
  if (attempt.outcome == Attempt::Outcome::kDone) return {};
  if (attempt.outcome == Attempt::Outcome::kDoubtful) {
    const Result<NydusdInformation> after = Information(deadline);
    if (!after) return Failure(Wrap(Unsettled(attempt.error, after.error()), context));
    if (after->FindMount(mount.mount_point) != nullptr) return {};
  }
  return Failure(Wrap(attempt.error, context));
}

Result<bool> NydusdClient::Umount(const std::string& mount_point, Deadline deadline) const {
  if (Result<> valid = CheckMountPoint(mount_point); !valid) return Failure(valid.error());
  const Result<NydusdInformation> before = Information(deadline);
  if (before) return Umount(mount_point, *before, deadline);
  return Failure(Wrap(before.error(), StrCat("umount of ", Quote(mount_point))));
}

Result<bool> NydusdClient::Umount(const std::string& mount_point, const NydusdInformation& before,
                                  Deadline deadline) const {
  if (Result<> valid = CheckMountPoint(mount_point); !valid) return Failure(valid.error());
  const std::string context = StrCat("umount of ", Quote(mount_point));
  if (before.FindMount(mount_point) == nullptr) return false;

  const Attempt attempt =
      TryChange(api_socket_, "DELETE", MountTarget(mount_point), "", BeforeSettling(deadline));
  if (attempt.outcome == Attempt::Outcome::kDone) return true;
  if (attempt.outcome == Attempt::Outcome::kDoubtful) {
    const Result<NydusdInformation> after = Information(deadline);
    if (!after) return Failure(Wrap(Unsettled(attempt.error, after.error()), context));
    if (after->FindMount(mount_point) == nullptr) return true;
  }
  return Failure(Wrap(attempt.error, context));
}

Result<std::string> NydusdClient::Backend(const std::string& mount_point, Deadline deadline) const {
  if (Result<> valid = CheckMountPoint(mount_point); !valid) return Failure(valid.error());
  return ReadText(api_socket_,
                  StrCat(kDaemonPath, "/backend?mountpoint=", PercentEncode(mount_point)),
                  deadline);
}

Result<std::string> NydusdClient::Metrics(const std::string& part, const std::string& id,
                                          Deadline deadline) const {
  const std::string_view slash = part.empty() ? "" : "/";
  const std::string query = id.empty() ? "" : StrCat("?id=", PercentEncode(id));
  Result<std::string> text =
      ReadText(api_socket_, StrCat(kMetricsPath, slash, part, query), deadline);
  if (text && text->empty()) return "[]";  // nothing is in flight
  return text;
}

Result<> NydusdClient::Exit(Deadline deadline) const {
  const Reply reply = Ask(api_socket_, "PUT", StrCat(kDaemonPath, "/exit"), "", deadline);
  if (reply && reply->status == kNoContent) return {};
  if (reply) return Failure(RefusalOf(*reply));
  if (reply.error().sent && reply.error().error.errno_value == ECONNRESET) return {};
  return Failure(reply.error().error);
}

}  // namespace nydus
