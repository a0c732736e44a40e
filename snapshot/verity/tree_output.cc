// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/tree_output.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "snapshot/verity/superblock.h"

namespace nydus {

namespace {

constexpr std::array<char, kSuperblockBytes> kNoSuperblock = {};

Failure FailedOn(const std::string& path, int error) {
  return FailErrno(ErrorKind::kSystem, error, Escape(path));
}

// The path with links followed, so that a link stays and its file is replaced.
Result<std::string> ResolvedPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> resolved(realpath(path.c_str(), nullptr), &free);
  if (resolved) return std::string(resolved.get());
  if (errno == ENOENT) return path;
  return FailedOn(path, errno);
}

// A name beside `path` that nothing else has.
Result<std::string> NameBeside(const std::string& path) {
  std::array<char, 8> random;
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return FailErrno(ErrorKind::kSystem, errno, "getrandom");
  }
  return StrCat(path, ".", ToHex(std::string_view(random.data(), random.size())), ".new");
}

}  // namespace

TreeOutput::TreeOutput(BlockFile file, Undo undo, std::string target)
    : file_(std::move(file)), undo_(undo), target_(std::move(target)) {}

TreeOutput::TreeOutput(TreeOutput&& other) noexcept
    : file_(std::move(other.file_)),
      undo_(std::exchange(other.undo_, Undo::kNothing)),
      target_(std::move(other.target_)) {}

TreeOutput::~TreeOutput() {
  switch (undo_) {
    case Undo::kNothing: return;
    case Undo::kRemove: unlink(file_.path().c_str()); return;
    case Undo::kTruncate:
      if (ftruncate(file_.fd(), static_cast<off_t>(file_.size())) != 0) return;
  }
}

Result<TreeOutput> TreeOutput::Begin(const std::string& path, const VerityParameters& parameters,
                                     const VerityLayout& layout) {
  const Result<std::string> resolved = ResolvedPath(path);
  if (!resolved) return Failure(resolved.error());
  struct stat status = {};
  const bool exists = stat(resolved->c_str(), &status) == 0;
  if (!exists && errno != ENOENT) return FailedOn(path, errno);
  const bool replaceable = !exists || (S_ISREG(status.st_mode) && parameters.hash_offset == 0);

  Result<TreeOutput> output = [&]() -> Result<TreeOutput> {
    if (replaceable) return BeginNew(*resolved);
    Result<BlockFile> file = BlockFile::Open(*resolved, FileAccess::kReadWrite);
    if (!file) return Failure(std::move(file.error()));
    if (file->is_block_device()) return BeginOnDevice(std::move(*file), parameters, layout);
    return BeginBehind(std::move(*file), parameters);
  }();
  if (!output || output->file_.is_block_device()) return output;
  const bool has_area = parameters.uuid || !layout.levels.empty();
  if (!has_area) return output;
  // The alignment in front of a tree belongs to the file even where nothing is written.
  if (ftruncate(output->file_.fd(), static_cast<off_t>(layout.tree_end)) != 0) {
    return FailedOn(path, errno);
  }
  return output;
}

Result<TreeOutput> TreeOutput::BeginNew(const std::string& path) {
  const Result<std::string> name = NameBeside(path);
  if (!name) return Failure(name.error());
  UniqueFd fd(open(name->c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.ok()) return FailedOn(path, errno);
  Result<BlockFile> file = BlockFile::Adopt(std::move(fd), *name);
  if (!file) {
    unlink(name->c_str());
    return Failure(std::move(file.error()));
  }
  return TreeOutput(std::move(*file), Undo::kRemove, path);
}

Result<TreeOutput> TreeOutput::BeginBehind(BlockFile file, const VerityParameters& parameters) {
  if (file.size() > parameters.hash_offset) {
    return Fail(ErrorKind::kUsage,
                StrCat(Escape(file.path()), ": hash offset: the file goes beyond ",
                       parameters.hash_offset, ", to ", file.size()),
                "cut off what lies there, or choose a higher offset");
  }
  return TreeOutput(std::move(file), Undo::kTruncate, {});
}

Result<TreeOutput> TreeOutput::BeginOnDevice(BlockFile file, const VerityParameters& parameters,
                                             const VerityLayout& layout) {
  if (file.size() < layout.tree_end) {
    return Fail(ErrorKind::kUsage, StrCat(Escape(file.path()), ": hash tree: ends at ",
                                          layout.tree_end, ", the device at ", file.size()));
  }
  if (parameters.uuid) {
    // An old superblock must not stand for a tree that is half-written.
    const std::string_view nothing(kNoSuperblock.data(), kNoSuperblock.size());
    if (Result<> written = file.Write(parameters.hash_offset, nothing); !written) {
      return Failure(std::move(written.error()));
    }
  }
  return TreeOutput(std::move(file), Undo::kNothing, {});
}

Result<> TreeOutput::Finish(const VerityParameters& parameters) {
  if (parameters.uuid) {
    const auto superblock = EncodeSuperblock(parameters);
    const std::string_view bytes(superblock.data(), superblock.size());
    if (Result<> written = file_.Write(parameters.hash_offset, bytes); !written) return written;
  }
  if (fsync(file_.fd()) != 0) return FailedOn(file_.path(), errno);
  if (undo_ == Undo::kRemove && rename(file_.path().c_str(), target_.c_str()) != 0) {
    return FailedOn(target_, errno);
  }
  undo_ = Undo::kNothing;
  return {};
}

}  // namespace nydus
