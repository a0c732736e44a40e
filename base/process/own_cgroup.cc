// SPDX-License-Identifier: Apache-2.0
#include "base/process/own_cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <system_error>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "base/deadline.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace nydus {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kCgroup2Magic = 0x63677270;  // CGROUP2_SUPER_MAGIC of linux/magic.h
constexpr mode_t kDirectoryMode = 0755;
constexpr std::string_view kLeafPrefix = "nydusd-";

// A dead process can occupy its cgroup for a moment (since Linux 6.19: until it is switched away
// from the last time).
constexpr milliseconds kLeaveTime{1000};
constexpr milliseconds kPollInterval{5};

// How often a cgroup is made again that another call took for a former process's.
constexpr int kMoveAttempts = 10;

bool IsCgroup2(const char* path) {
  struct statfs status = {};
  return statfs(path, &status) == 0 && static_cast<std::uint64_t>(status.f_type) == kCgroup2Magic;
}

// Empty where there is no cgroup v2. The unified one second: in a tree of version 2 alone, that
// name is a cgroup.
std::string ParentCgroup() {
  for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    if (IsCgroup2(root)) return StrCat(root, "/nydus-overlayfs");
  }
  return "";
}

std::string LeafOf(const std::string& parent, pid_t pid) {
  return StrCat(parent, "/", kLeafPrefix, pid);
}

// The kernel removes none in which a process runs.
void RemoveEmptyLeaves(const std::string& parent) {
  std::error_code error;
  std::filesystem::directory_iterator entry(parent, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    if (path.filename().string().starts_with(kLeafPrefix)) rmdir(path.c_str());
  }
}

// The result is an errno.
int MoveInto(const std::string& leaf, pid_t pid) {
  if (mkdir(leaf.c_str(), kDirectoryMode) != 0 && errno != EEXIST) return errno;
  const UniqueFd members(open(StrCat(leaf, "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!members.ok()) return errno;
  const std::string text = StrCat(pid);
  return write(members.get(), text.data(), text.size()) < 0 ? errno : 0;
}

}  // namespace

void EnterOwnCgroup(pid_t pid) {
  const std::string parent = ParentCgroup();
  if (parent.empty()) return;
  mkdir(parent.c_str(), kDirectoryMode);
  RemoveEmptyLeaves(parent);
  const std::string leaf = LeafOf(parent, pid);
  for (int attempt = 0; attempt < kMoveAttempts; ++attempt) {
    const int error = MoveInto(leaf, pid);
    if (error == 0) return;
    // Removed meanwhile: ENOENT before its file was opened, ENODEV after that.
    if (error != ENOENT && error != ENODEV) break;
  }
  rmdir(leaf.c_str());
}

void RemoveOwnCgroup(pid_t pid) {
  const std::string parent = ParentCgroup();
  if (parent.empty()) return;
  const std::string leaf = LeafOf(parent, pid);
  const Deadline deadline = After(kLeaveTime);
  while (rmdir(leaf.c_str()) != 0 && errno == EBUSY && TimeLeft(deadline) > milliseconds(0)) {
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace nydus
