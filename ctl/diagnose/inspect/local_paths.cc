// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "ctl/diagnose/inspect/image_text.h"
#include "ctl/diagnose/inspect/inspection.h"
#include "ctl/diagnose/inspect/option_report.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"
#include "snapshot/rafs/bootstrap_path.h"
#include "snapshot/rafs/rafs_detection.h"

namespace nydus {

namespace {

using State = PathReport::State;
using Named = NamedPaths::Named;

// How many paths are looked at: every layer, and what the payloads name.
constexpr std::size_t kMaxPaths = 1024;

// What must not be shown is not looked at.
class Collector {
 public:
  explicit Collector(std::vector<std::string> hidden) : hidden_(std::move(hidden)) {}

  void Add(std::string role, std::string_view path, bool directory) {
    if (std::ranges::find(hidden_, path) != hidden_.end()) return;
    if (path.empty() || !Fits(ValueKind::kPath, path) || found_.paths.size() == kMaxPaths) return;
    const bool known = std::ranges::any_of(found_.paths, [&](const Named& other) {
      return other.path == path && other.directory == directory;
    });
    if (!known) found_.paths.push_back({std::move(role), std::string(path), directory});
  }

  // A snapshot's directory is the parent of fs/, and of mnt/ where its image is mounted.
  void AddBootstrapBeside(std::string_view layer) {
    const std::size_t slash = layer.rfind('/');
    const std::string_view name = layer.substr(slash + 1);
    if (slash == std::string_view::npos || slash == 0 || (name != "fs" && name != "mnt")) return;
    const auto bootstrap = FindBootstrap(std::string(layer.substr(0, slash)));
    if (bootstrap && *bootstrap) Add("bootstrap of a lower directory", **bootstrap, false);
  }

  NamedPaths Take() { return std::move(found_); }

 private:
  std::vector<std::string> hidden_;
  NamedPaths found_;
};

Result<JsonValue> Decode(std::string_view base64) {
  const Result<std::string> json = DecodeBase64(base64, Base64Reading::kGo);
  if (!json) return Failure(json.error());
  return ParseJson(*json);
}

void AddPayloadPaths(const Payload& payload, Collector& collector) {
  const Result<JsonValue> json = Decode(payload.base64);
  if (!json) return;
  if (payload.kind == PayloadKind::kExtraOption) {
    const Result<ExtraOption> option = ReadExtraOption(*json, {});
    if (!option) return;
    collector.Add("bootstrap of the extra option", option->source, false);
    collector.Add("snapshotdir of the extra option", option->snapshot_dir, true);
    return;
  }
  const Result<KataVolume> volume = ReadKataVolume(*json, {});
  if (volume) collector.Add("source of the Kata volume", volume->source, false);
}

void AddOptionPaths(const MountText& text, Collector& collector) {
  const Result<MountRequest> request = ParseMountRequest(
      {.source = text.source, .target = "DIR", .options = text.options, .has_options = true});
  if (!request) return;
  const std::size_t count = request->layers.size();
  for (std::size_t i = 0; i < count; ++i) {
    collector.Add(StrCat("lower directory ", i + 1, " of ", count), request->layers[i].path, true);
  }
  if (request->upper_directory) collector.Add("upper directory", *request->upper_directory, true);
  if (request->work_directory) collector.Add("work directory", *request->work_directory, true);
  for (const Layer& layer : request->layers) collector.AddBootstrapBeside(layer.path);
}

// The first open does nothing to a device or a FIFO; only a regular file is opened for reading.
void DescribeFile(PathReport& report, int path_fd) {
  struct stat status = {};
  if (fstat(path_fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    report.state = State::kOther;
    report.detail = S_ISBLK(status.st_mode) ? "a block device" : "not a regular file";
    return;
  }
  const std::string through = StrCat("/proc/self/fd/", path_fd);
  const UniqueFd fd(open(through.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const Result<RafsDetection> detection =
      fd.ok() ? DetectRafs(fd.get()) : FailErrno(ErrorKind::kSystem, errno, "open");
  if (!detection) {
    report.state = State::kUnusable;
    report.detail = detection.error().message;
    return;
  }
  const bool image = detection->kind != RafsKind::kNotAnImage;
  report.state = image ? State::kImage : State::kOther;
  report.detail = DescribeImage(*detection);
}

PathReport Look(const Named& named) {
  PathReport report{.role = named.role, .path = Escape(named.path)};
  const int flags = O_PATH | O_CLOEXEC | (named.directory ? O_DIRECTORY : O_NOFOLLOW);
  const UniqueFd fd(open(named.path.c_str(), flags));
  const int error = errno;
  if (!fd.ok()) {
    report.state = error == ENOENT ? State::kMissing : State::kUnusable;
    if (error != ENOENT)
      report.detail = FailErrno(ErrorKind::kSystem, error, "open").error().message;
    return report;
  }
  // A mount whose daemon is dead still opens as a path.
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0) {
    report.state = State::kUnusable;
    report.detail = FailErrno(ErrorKind::kSystem, errno, "stat").error().message;
    return report;
  }
  if (named.directory) {
    report.state = State::kDirectory;
  } else {
    DescribeFile(report, fd.get());
  }
  return report;
}

bool IsOverlayDirectory(const PathReport& path) {
  return path.role.starts_with("lower") || path.role.starts_with("upper") ||
         path.role.starts_with("work");
}

// All missing: the text comes from another machine. Some missing: that is why the mount fails.
void AddMissingDirectories(Inspection& inspection) {
  std::size_t here = 0;
  std::vector<const PathReport*> lost;
  for (const PathReport& path : inspection.paths) {
    if (!IsOverlayDirectory(path)) continue;
    if (path.state == State::kDirectory) {
      ++here;
    } else {
      lost.push_back(&path);
    }
  }
  const bool dead = std::ranges::any_of(
      lost, [](const PathReport* path) { return path->state == State::kUnusable; });
  if (lost.empty() || (here == 0 && !dead)) return;
  const PathReport& first = *lost.front();
  const std::string others = lost.size() > 1 ? StrCat(", and ", lost.size() - 1, " more") : "";
  const std::string why =
      first.detail.empty() ? "is missing" : StrCat("cannot be used: ", first.detail);
  inspection.hints.insert(inspection.hints.begin(), StrCat("on this machine ", first.role, " ", why,
                                                           ": ", first.path, others));
  inspection.bad = true;
}

std::string ClaimedVersion(const Inspection& inspection) {
  for (const PayloadReport& payload : inspection.payloads) {
    for (const PayloadField& field : payload.fields) {
      if (field.name == "fs_version") return field.value;
    }
  }
  return {};
}

void AddWrongBootstrap(Inspection& inspection) {
  const std::string claimed = ClaimedVersion(inspection);
  for (const PathReport& path : inspection.paths) {
    if (path.role != "bootstrap of the extra option" || path.state == State::kMissing) continue;
    const bool v5 = path.detail.starts_with("RAFS v5");
    const bool v6 = path.detail.starts_with("RAFS v6");
    if (!v5 && !v6) {
      inspection.hints.push_back(StrCat("the bootstrap is no RAFS bootstrap: ", path.path));
    } else if (!claimed.empty() && claimed != (v5 ? "v5" : "v6")) {
      inspection.hints.push_back(
          StrCat("fs_version is ", claimed, ", the bootstrap is RAFS ", v5 ? "v5" : "v6"));
    }
  }
}

}  // namespace

NamedPaths FindPaths(const MountText& text) {
  OptionReports options = ReportOptions(text.options);
  Collector collector(std::move(options.hidden));
  if (!text.is_payload && !options.hidden_cut) AddOptionPaths(text, collector);
  for (const Payload& payload : options.payloads) {
    AddPayloadPaths(payload, collector);
  }
  return collector.Take();
}

void LookAtPaths(const NamedPaths& named, Inspection& inspection) {
  for (const Named& path : named.paths) inspection.paths.push_back(Look(path));
  AddMissingDirectories(inspection);
  AddWrongBootstrap(inspection);
}

}  // namespace nydus
