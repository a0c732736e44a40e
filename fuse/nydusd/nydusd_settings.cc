// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/nydusd_settings.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace nydus {

namespace {

// One of the four paths, with what Kata says if it is wrong.
struct CheckedPath {
  const std::string& path;
  std::string_view complaint;
};

Failure Invalid(const CheckedPath& checked, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat(checked.complaint, ": ", why));
}

Failure InvalidErrno(const CheckedPath& checked, const std::string& path, int error) {
  return FailErrno(ErrorKind::kUsage, error, StrCat(checked.complaint, ": ", Quote(path)));
}

std::string DirectoryOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

// Kata's checkPathValid(), and that the path is absolute, where Kata makes it so.
Result<> CheckAsKata(const CheckedPath& checked) {
  if (checked.path.empty()) return Invalid(checked, "it is empty");
  if (!checked.path.starts_with('/')) {
    return Invalid(checked, StrCat(Quote(checked.path), " is not absolute"));
  }
  struct stat status = {};
  const std::string directory = DirectoryOf(checked.path);
  if (stat(directory.c_str(), &status) != 0) return InvalidErrno(checked, directory, errno);
  return {};
}

Result<> CheckSocket(const CheckedPath& checked) {
  if (checked.path.size() > kMaxSocketPathBytes) {
    return Invalid(checked, StrCat(Quote(checked.path), " has ", checked.path.size(),
                                   " bytes, a socket's path has at most ", kMaxSocketPathBytes));
  }
  struct stat status = {};
  const std::string directory = DirectoryOf(checked.path);
  if (stat(directory.c_str(), &status) != 0) return InvalidErrno(checked, directory, errno);
  if (!S_ISDIR(status.st_mode)) {
    return Invalid(checked, StrCat(Quote(directory), " is not a directory"));
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return Invalid(checked, StrCat(Quote(directory), " belongs to user ", status.st_uid));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(ErrorKind::kUsage,
                StrCat(checked.complaint, ": others can write the directory ", Quote(directory)),
                "whoever can talk to nydusd reads what root can read: use one of mode 0700");
  }
  return {};
}

Result<> CheckProgram(const CheckedPath& checked) {
  struct stat status = {};
  if (stat(checked.path.c_str(), &status) != 0) return InvalidErrno(checked, checked.path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Invalid(checked, StrCat(Quote(checked.path), " is not a regular file"));
  }
  if (access(checked.path.c_str(), X_OK) != 0) return InvalidErrno(checked, checked.path, errno);
  return {};
}

Result<> CheckShare(const CheckedPath& checked) {
  struct stat status = {};
  if (stat(checked.path.c_str(), &status) != 0) return InvalidErrno(checked, checked.path, errno);
  if (!S_ISDIR(status.st_mode)) {
    return Invalid(checked, StrCat(Quote(checked.path), " is not a directory"));
  }
  return {};
}

Result<> CheckLogFile(const std::string& path) {
  const std::string what = StrCat("nydusd log file ", Quote(path));
  if (!path.starts_with('/')) return Fail(ErrorKind::kUsage, StrCat(what, " is not absolute"));
  // nydusd would append one, and write to another file than we read.
  if (std::filesystem::path(path).extension().empty()) {
    return Fail(ErrorKind::kUsage, StrCat(what, " has no extension"), "call it nydusd.log");
  }
  return {};
}

// Arguments that say what we say, or that this nydusd must not get.
struct RefusedArgument {
  std::string_view name;
  char letter;  // of its short form; 0 without one
  std::string_view why;
};

constexpr std::string_view kIsSetHere = "it is set from the settings";
constexpr std::string_view kNoHandOver =
    "a nydusd for a guest cannot be handed over to another one";

constexpr std::array<RefusedArgument, 8> kRefusedArguments = {{
    {"--sock", 0, kIsSetHere},
    {"--apisock", 'A', kIsSetHere},
    {"--log-file", 'L', kIsSetHere},
    {"--log-level", 'l', kIsSetHere},
    {"--supervisor", 0, kNoHandOver},
    {"--upgrade", 0, kNoHandOver},
    {"--id", 0, kNoHandOver},
    // nydus issue 1194. Without it, nydusd serves both kinds of file systems all the same.
    {"--hybrid-mode", 0, "nydusd 2.2.0 aborts on it, and it has no use for mounts by the API"},
}};

bool IsArgument(std::string_view word, const RefusedArgument& argument) {
  if (word.starts_with("--")) return word.substr(0, word.find('=')) == argument.name;
  return argument.letter != 0 && word.size() > 1 && word[0] == '-' && word[1] == argument.letter;
}

Result<> CheckExtraArguments(const std::vector<std::string>& arguments) {
  if (arguments.size() > kMaxExtraArguments) {
    return Fail(ErrorKind::kUsage, StrCat("nydusd gets ", arguments.size(), " arguments, at most ",
                                          kMaxExtraArguments, " are accepted"));
  }
  for (const std::string& word : arguments) {
    for (const RefusedArgument& refused : kRefusedArguments) {
      if (!IsArgument(word, refused)) continue;
      return Fail(ErrorKind::kUsage,
                  StrCat("nydusd argument ", refused.name, " is not accepted: ", refused.why));
    }
  }
  return {};
}

std::optional<std::uint64_t> SystemWideFiles() {
  const UniqueFd file(open("/proc/sys/fs/file-max", O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return std::nullopt;
  constexpr std::size_t kMaxDigits = 32;
  const Result<std::string> text = ReadAll(file.get(), kMaxDigits);
  std::uint64_t number = 0;
  if (!text) return std::nullopt;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  return number;
}

// Whether nydusd can set RLIMIT_NOFILE as it does of itself (nydus: src/bin/nydusd/main.rs,
// handle_rlimit_nofile_option). If it cannot, it does not start.
bool NydusdCanRaiseItsLimit() {
  constexpr std::uint64_t kReserved = 16384;
  constexpr std::uint64_t kMost = 1'000'000;
  const std::optional<std::uint64_t> files = SystemWideFiles();
  if (!files || *files < 2 * kReserved) return false;
  const rlim_t wanted = std::min(*files - kReserved, kMost);
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_max >= wanted) return true;
  const rlimit raised = {.rlim_cur = limit.rlim_cur, .rlim_max = wanted};
  if (setrlimit(RLIMIT_NOFILE, &raised) != 0) return false;
  setrlimit(RLIMIT_NOFILE, &limit);
  return true;
}

bool SetsItsLimit(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments, [](std::string_view word) {
    return word.substr(0, word.find('=')) == "--rlimit-nofile";
  });
}

}  // namespace

Result<> ValidateNydusd(const NydusdSettings& settings) {
  const CheckedPath vhost = {settings.vhost_socket, "nydusd sock path is invalid"};
  const CheckedPath api = {settings.api_socket, "nydusd api sock path is invalid"};
  const CheckedPath program = {settings.program, "nydusd daemon path is invalid"};
  const CheckedPath share = {settings.share_directory, "nydusd resource path is invalid"};
  for (const CheckedPath* checked : {&vhost, &api, &program, &share}) {
    if (Result<> valid = CheckAsKata(*checked); !valid) return valid;
  }
  for (const CheckedPath* socket : {&vhost, &api}) {
    if (Result<> valid = CheckSocket(*socket); !valid) return valid;
  }
  if (settings.vhost_socket == settings.api_socket) {
    return Invalid(api, "both sockets have the same path");
  }
  if (Result<> valid = CheckProgram(program); !valid) return valid;
  if (Result<> valid = CheckShare(share); !valid) return valid;
  if (Result<> valid = CheckLogFile(settings.log_file); !valid) return valid;
  return CheckExtraArguments(settings.extra_arguments);
}

std::vector<std::string> NydusdArguments(const NydusdSettings& settings) {
  std::vector<std::string> arguments = {"virtiofs",
                                        "--log-level",
                                        settings.debug ? "debug" : "info",
                                        "--apisock",
                                        settings.api_socket,
                                        "--sock",
                                        settings.vhost_socket,
                                        "--log-file",
                                        settings.log_file};
  if (!SetsItsLimit(settings.extra_arguments) && !NydusdCanRaiseItsLimit()) {
    arguments.insert(arguments.end(), {"--rlimit-nofile", "0"});
  }
  arguments.insert(arguments.end(), settings.extra_arguments.begin(),
                   settings.extra_arguments.end());
  return arguments;
}

std::string_view ApiSocketIn(std::span<const std::string> arguments) {
  constexpr std::string_view kLong = "--apisock";
  constexpr std::string_view kShort = "-A";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view word = arguments[i];
    const std::string_view name = word.starts_with(kLong) ? kLong : kShort;
    if (!word.starts_with(name)) continue;
    word.remove_prefix(name.size());
    if (word.empty()) return i + 1 < arguments.size() ? arguments[i + 1] : std::string_view();
    if (word.starts_with('=')) return word.substr(1);
    if (name == kShort) return word;
  }
  return {};
}

}  // namespace nydus
