// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

constexpr std::string_view kElfMagic =
    "\x7F"
    "ELF";

std::string_view TakeWhile(std::string_view text, std::string_view allowed) {
  return text.substr(0, std::min(text.find_first_not_of(allowed), text.size()));
}

// "0.1.0 (musl)" behind the program's name in its --version text.
std::optional<std::string> OurVersion(std::string_view bytes) {
  constexpr std::string_view kName = "mount.fuse.nydus-overlayfs ";
  for (std::size_t at = bytes.find(kName); at != std::string_view::npos;
       at = bytes.find(kName, at + 1)) {
    const std::string_view rest = bytes.substr(at + kName.size(), 64);
    const std::string_view version = TakeWhile(rest, "0123456789.");
    if (version.empty() || !rest.substr(version.size()).starts_with(" (")) continue;
    const std::string_view libc =
        TakeWhile(rest.substr(version.size() + 2), "abcdefghijklmnopqrstuvwxyz");
    if (!libc.empty()) return StrCat(version, " (", libc, ")");
  }
  return std::nullopt;
}

// A string with its length in front as a base-128 number; taken off `bytes`.
std::optional<std::string_view> TakeGoString(std::string_view& bytes) {
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (bytes.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    length |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) {
      if (length > bytes.size()) return std::nullopt;
      const std::string_view text = bytes.substr(0, length);
      bytes.remove_prefix(length);
      return text;
    }
  }
  return std::nullopt;
}

// The words of the first line "`key`\tword\tword" of Go's module information.
std::vector<std::string_view> LineOf(std::string_view information, std::string_view key) {
  while (!information.empty()) {
    const std::size_t end = std::min(information.find('\n'), information.size());
    std::string_view line = information.substr(0, end);
    information.remove_prefix(std::min(end + 1, information.size()));
    if (!line.starts_with(key) || !line.substr(key.size()).starts_with('\t')) continue;
    std::vector<std::string_view> words;
    line.remove_prefix(key.size());
    while (line.starts_with('\t')) {
      line.remove_prefix(1);
      words.push_back(line.substr(0, std::min(line.find('\t'), line.size())));
      line.remove_prefix(words.back().size());
    }
    return words;
  }
  return {};
}

// "github.com/.../cmd/nydus-overlayfs v0.16.1", or nothing if this is no Go program.
std::optional<std::string> GoPackage(std::string_view bytes) {
  constexpr std::string_view kMagic = "\xFF Go buildinf:";
  constexpr std::size_t kHeaderBytes = 32;
  constexpr std::size_t kFlagsAt = 15;
  constexpr char kInlineStrings = 2;
  const std::size_t at = bytes.find(kMagic);
  if (at == std::string_view::npos || bytes.size() - at < kHeaderBytes) return std::nullopt;
  std::string_view rest = bytes.substr(at);
  if ((rest[kFlagsAt] & kInlineStrings) == 0) return std::string();
  rest.remove_prefix(kHeaderBytes);
  if (!TakeGoString(rest)) return std::string();
  const std::optional<std::string_view> information = TakeGoString(rest);
  if (!information) return std::string();
  // 16 bytes of a mark stand in front of the first line.
  const std::size_t begin = information->find("path\t");
  if (begin == std::string_view::npos) return std::string();
  const std::string_view lines = information->substr(begin);
  const std::vector<std::string_view> package = LineOf(lines, "path");
  const std::vector<std::string_view> module = LineOf(lines, "mod");
  const std::string_view version = module.size() > 1 ? module[1] : std::string_view();
  return Escape(StrCat(package.empty() ? "" : package[0], version.empty() ? "" : " ", version));
}

ProgramIdentity IdentityOf(const NodeView& node, const std::string& path) {
  const Result<std::optional<std::string>> bytes = node.Read(path, kMaxProgramBytes);
  if (!bytes || !*bytes) return {};
  return IdentifyProgram(**bytes);
}

ProgramFault FaultOf(const UniqueFd& fd, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return ProgramFault::kNoRegularFile;
  if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) return ProgramFault::kNotExecutable;
  struct statvfs mount = {};
  if (fstatvfs(fd.get(), &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0) {
    return ProgramFault::kNoexecMount;
  }
  return ProgramFault::kNone;
}

bool IsSameFile(const Program& first, const Program& second) {
  return first.inode != 0 && first.device == second.device && first.inode == second.inode;
}

}  // namespace

ProgramIdentity IdentifyProgram(std::string_view bytes) {
  if (!bytes.starts_with(kElfMagic)) return {.maker = ProgramMaker::kOther, .description = {}};
  if (std::optional<std::string> version = OurVersion(bytes)) {
    return {.maker = ProgramMaker::kOurs, .description = std::move(*version)};
  }
  if (std::optional<std::string> package = GoPackage(bytes)) {
    return {.maker = ProgramMaker::kGo, .description = std::move(*package)};
  }
  return {.maker = ProgramMaker::kOther, .description = {}};
}

std::optional<Program> LookAtProgram(const NodeView& node, const std::string& path) {
  const Result<std::optional<UniqueFd>> fd = node.OpenPath(path);
  if (!fd) return Program{.path = path};
  if (!*fd) {
    if (!node.LinkTarget(path)) return std::nullopt;
    return Program{.path = path, .fault = ProgramFault::kDanglingLink};
  }
  struct stat status = {};
  if (fstat((*fd)->get(), &status) != 0) return Program{.path = path};
  Program program{.path = path, .device = status.st_dev, .inode = status.st_ino};
  program.fault = FaultOf(**fd, status);
  program.only_root_writes = status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (S_ISREG(status.st_mode)) program.identity = IdentityOf(node, path);
  return program;
}

std::vector<Program> FindOnPath(const NodeView& node, std::string_view search_path,
                                std::string_view name) {
  std::vector<Program> found;
  for (std::size_t count = 0; !search_path.empty() && count < kMaxPathDirectories; ++count) {
    const std::string_view directory =
        search_path.substr(0, std::min(search_path.find(':'), search_path.size()));
    search_path.remove_prefix(std::min(directory.size() + 1, search_path.size()));
    if (!directory.starts_with('/')) continue;
    std::optional<Program> program = LookAtProgram(node, StrCat(directory, "/", name));
    if (!program) continue;
    const auto is_same = [&](const Program& other) { return IsSameFile(other, *program); };
    if (std::ranges::none_of(found, is_same)) found.push_back(std::move(*program));
  }
  return found;
}

std::string_view DescribeFault(ProgramFault fault) {
  switch (fault) {
    case ProgramFault::kNone: break;
    case ProgramFault::kDanglingLink: return "is a link to a file that does not exist";
    case ProgramFault::kNoRegularFile: return "is no regular file";
    case ProgramFault::kNotExecutable: return "is not executable";
    case ProgramFault::kNoexecMount: return "lies on a file system that is mounted noexec";
  }
  std::unreachable();
}

}  // namespace nydus
