// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/tool_exec.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "base/base64.h"
#include "base/file_writing.h"
#include "base/text.h"
#include "base/unique_fd.h"

#ifndef NYDUS_TOOL_PATH
#error "the build defines NYDUS_TOOL_PATH, the absolute path of the installed nydus-overlayctl"
#endif

namespace nydus {

namespace {

constexpr char kToolName[] = "nydus-overlayctl";

// Standard streams may be closed; what the tool inherits must not take their numbers.
constexpr int kFirstFreeDescriptor = 3;

Failure System(int error, std::string_view what) {
  return FailErrno(ErrorKind::kSystem, error, what);
}

std::string PathBesideThisProgram() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0 || length == sizeof path) return {};
  const std::string_view program(path, static_cast<std::size_t>(length));
  return StrCat(program.substr(0, program.rfind('/') + 1), kToolName);
}

// Root runs what this opens, so nobody else may be able to write it.
Result<> CheckTrusted(int fd, const std::string& path) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return System(errno, Escape(path));
  const bool trusted =
      S_ISREG(status.st_mode) && status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (trusted) return {};
  return Fail(ErrorKind::kSystem,
              StrCat(Escape(path), " is not a regular file that only root can write"));
}

Result<UniqueFd> OpenTool() {
  for (const std::string& path : {std::string(NYDUS_TOOL_PATH), PathBesideThisProgram()}) {
    if (path.empty()) continue;
    UniqueFd fd(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.ok() && errno == ENOENT) continue;
    if (!fd.ok()) return System(errno, Escape(path));
    if (Result<> trusted = CheckTrusted(fd.get(), path); !trusted) {
      return Failure(std::move(trusted.error()));
    }
    return fd;
  }
  return Fail(ErrorKind::kSystem, StrCat(NYDUS_TOOL_PATH, " is missing"),
              "this mode needs the package nydus-overlayctl");
}

Result<UniqueFd> SealedFile(std::string_view text) {
  const UniqueFd memory(memfd_create("nydus-overlayfs-request", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.ok()) return System(errno, "memfd_create");
  if (const int error = WriteAll(memory.get(), text); error != 0) {
    return System(error, "write the request");
  }
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) return System(errno, "seal the request");
  if (lseek(memory.get(), 0, SEEK_SET) != 0) return System(errno, "rewind the request");
  UniqueFd inherited(fcntl(memory.get(), F_DUPFD, kFirstFreeDescriptor));
  if (!inherited.ok()) return System(errno, "dup");
  return inherited;
}

Error Exec(int tool_fd, int request_fd) {
  std::string name(kToolName);
  std::string request = StrCat("--request-fd=", request_fd);
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  std::string locale = "LC_ALL=C";
  char* arguments[] = {name.data(), request.data(), nullptr};
  char* environment[] = {path.data(), locale.data(), nullptr};
  syscall(SYS_execveat, tool_fd, "", arguments, environment, AT_EMPTY_PATH);
  return System(errno, StrCat("run ", kToolName)).error();
}

std::string_view Bool(bool value) {
  return value ? "true" : "false";
}

}  // namespace

std::string FormatToolRequest(const CommandLine& line, int namespace_fd) {
  return StrCat(R"({"version":)", kToolRequestVersion,           //
                R"(,"source":")", EncodeBase64(line.source),     //
                R"(","target":")", EncodeBase64(line.target),    //
                R"(","options":")", EncodeBase64(line.options),  //
                R"(","fake":)", Bool(line.fake),                 //
                R"(,"verbose":)", Bool(line.verbose),            //
                R"(,"namespace_fd":)", namespace_fd, "}\n");
}

Error ExecTool(const CommandLine& line, int namespace_fd) {
  const Result<UniqueFd> tool = OpenTool();
  if (!tool) return tool.error();
  UniqueFd inherited_namespace;
  if (namespace_fd >= 0) {
    inherited_namespace = UniqueFd(fcntl(namespace_fd, F_DUPFD, kFirstFreeDescriptor));
    if (!inherited_namespace.ok()) return System(errno, "dup").error();
  }
  const Result<UniqueFd> request = SealedFile(FormatToolRequest(line, inherited_namespace.get()));
  if (!request) return request.error();
  return Exec(tool->get(), request->get());
}

}  // namespace nydus
