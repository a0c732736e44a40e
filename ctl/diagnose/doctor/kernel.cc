// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/kernel.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/mount_api/kernel_features.h"
#include "base/mount_api/mount_api.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "ctl/diagnose/doctor/bounded.h"

namespace nydus {

namespace {

constexpr std::size_t kMaxFileSystems = std::size_t{64} * 1024;
constexpr std::size_t kMaxModuleList = std::size_t{16} * 1024 * 1024;
constexpr std::chrono::seconds kTrialTime(5);

std::string ReadOrEmpty(const NodeView& node, const std::string& path, std::size_t limit) {
  const Result<std::optional<std::string>> text = node.Read(path, limit);
  return text ? text->value_or("") : std::string();
}

std::string FirstLine(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

bool HasModule(const NodeView& node, std::string_view name) {
  const std::string release =
      FirstLine(ReadOrEmpty(node, "/proc/sys/kernel/osrelease", kMaxFileSystems));
  const std::string modules =
      ReadOrEmpty(node, StrCat("/lib/modules/", release, "/modules.dep"), kMaxModuleList);
  return modules.find(StrCat("/", name, ".ko")) != std::string::npos;
}

int ErrorOf(const Result<>& result) {
  return result ? 0 : result.error().errno_value;
}

bool Write(const char* path, std::string_view text) {
  const UniqueFd fd(open(path, O_WRONLY | O_CLOEXEC));
  return fd.ok() && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

int EnterNamespace(KernelTrial& trial) {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWNS) != 0) {
    const int error = errno;
    if (user == 0) return error;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return errno;
    trial.in_user_namespace = true;
    if (!Write("/proc/self/setgroups", "deny") ||
        !Write("/proc/self/uid_map", StrCat("0 ", user, " 1")) ||
        !Write("/proc/self/gid_map", StrCat("0 ", group, " 1"))) {
      return EPERM;
    }
  }
  return 0;
}

// A tmpfs over the first directory that exists, as the working directory. Only this process sees
// it.
int MakeScratch() {
  int error = ErrorOf(Mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
  if (error != 0) return error;
  for (const char* directory : {"/tmp", "/run", "/mnt", "/var"}) {
    error = ErrorOf(Mount("tmpfs", directory, "tmpfs", 0, "size=1m"));
    if (error == ENOENT) continue;
    if (error != 0) return error;
    if (chdir(directory) != 0) return errno;
    for (const char* name : {"low", "lower", "up", "work", "merged", "context"}) {
      if (mkdir(name, 0755) != 0) return errno;
    }
    return 0;
  }
  return error;
}

int CreateFile(const char* path) {
  const UniqueFd fd(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  return fd.ok() ? 0 : errno;
}

int MountByMountCall() {
  const Result<> mounted =
      Mount("overlay", "merged", "overlay", 0, "lowerdir=low:lower,upperdir=up,workdir=work");
  return mounted ? CreateFile("merged/file") : mounted.error().errno_value;
}

Result<> MountByContext() {
  const Result<UniqueFd> context = FsOpen("overlay");
  if (!context) return Failure(context.error());
  for (const char* layer : {"low", "lower"}) {
    if (auto set = FsConfigString(context->get(), "lowerdir+", layer); !set) return set;
  }
  if (auto created = FsConfigCreate(context->get()); !created) return created;
  const Result<UniqueFd> mount = FsMount(context->get(), 0);
  if (!mount) return Failure(mount.error());
  const UniqueFd target(open("context", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return MoveMount(mount->get(), target.get());
}

int TakesDataLayers() {
  const Result<UniqueFd> context = FsOpen("overlay");
  if (!context) return context.error().errno_value;
  if (auto set = FsConfigString(context->get(), "lowerdir+", "low"); !set) return ErrorOf(set);
  return ErrorOf(FsConfigString(context->get(), "datadir+", "lower"));
}

int TryMountSetattr() {
  const UniqueFd mount(open("merged", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return ErrorOf(MountSetattr(mount.get(), {.set = kMountAttrNosuid}));
}

int TryOpenat2() {
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH;
  const UniqueFd fd(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, "low", &how, sizeof how)));
  return fd.ok() ? 0 : errno;
}

KernelTrial TryHere() {
  KernelTrial trial;
  trial.mount_namespace = EnterNamespace(trial);
  if (trial.mount_namespace != 0) return trial;
  trial.scratch = MakeScratch();
  if (trial.scratch != 0) return trial;
  trial.overlay = MountByMountCall();
  trial.openat2 = TryOpenat2();
  trial.layers_one_by_one = OverlayTakesLayersOneByOne();
  if (trial.layers_one_by_one) {
    trial.context = ErrorOf(MountByContext());
    trial.data_layers = TakesDataLayers();
  }
  if (trial.overlay == 0) trial.mount_setattr = TryMountSetattr();
  return trial;
}

}  // namespace

FileSystemState StateOfFileSystem(const NodeView& node, std::string_view name) {
  const std::string known = ReadOrEmpty(node, "/proc/filesystems", kMaxFileSystems);
  if (known.empty()) return FileSystemState::kUnknown;
  // Lines are "nodev\tNAME" or "\tNAME".
  if (known.find(StrCat("\t", name, "\n")) != std::string::npos) return FileSystemState::kPresent;
  if (!HasModule(node, name)) return FileSystemState::kAbsent;
  const std::string disabled =
      ReadOrEmpty(node, "/proc/sys/kernel/modules_disabled", kMaxFileSystems);
  return FirstLine(disabled) == "1" ? FileSystemState::kLocked : FileSystemState::kLoadable;
}

Result<KernelTrial> TryKernel() {
  const Result<std::string> answer = RunBounded(kTrialTime, [] {
    const KernelTrial trial = TryHere();
    std::string bytes(sizeof trial, '\0');
    std::memcpy(bytes.data(), &trial, sizeof trial);
    return bytes;
  });
  if (!answer) return Failure(answer.error());
  KernelTrial trial;
  if (answer->size() != sizeof trial) return Fail(ErrorKind::kInternal, "a trial was cut short");
  std::memcpy(&trial, answer->data(), sizeof trial);
  return trial;
}

}  // namespace nydus
