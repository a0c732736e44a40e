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
constexpr mode_t kModeBits = 07777;

Failure FailedOn(const std::string& path, int error) {
  return FailErrno(ErrorKind::kSystem, error, Escape(path));
}

// An existing file that may be replaced: nothing, or a hash area with a superblock.
Result<> CheckReplaceable(const BlockFile& old) {
  if (old.size() == 0) return {};
  std::array<char, kSuperblockSignature.size()> begin = {};
  if (old.size() >= begin.size()) {
    if (auto read = old.Read(0, begin.data(), begin.size()); !read) {
      return Failure(Wrap(std::move(read.error().error), Escape(old.path())));
    }
    if (std::string_view(begin.data(), begin.size()) == kSuperblockSignature) return {};
  }
  return Fail(ErrorKind::kUsage,
              StrCat(Escape(old.path()), ": exists, and does not begin with a verity superblock"),
              "remove it first if it is to be replaced");
}

// Makes a file that only its creator can use look like `old`.
Result<> TakeOverOwnerAndMode(const BlockFile& file, const BlockFile& old) {
  struct stat wanted = {};
  struct stat made = {};
  if (fstat(old.fd(), &wanted) != 0 || fstat(file.fd(), &made) != 0) {
    return FailedOn(file.path(), errno);
  }
  const bool same_owner = wanted.st_uid == made.st_uid && wanted.st_gid == made.st_gid;
  if (!same_owner && fchown(file.fd(), wanted.st_uid, wanted.st_gid) != 0) {
    return FailErrno(ErrorKind::kSystem, errno,
                     StrCat(Escape(file.path()), ": its owner cannot be kept"), "remove it first");
  }
  if (fchmod(file.fd(), wanted.st_mode & kModeBits) != 0) return FailedOn(file.path(), errno);
  return {};
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

TreeOutput::TreeOutput(BlockFile file, Undo undo) : file_(std::move(file)), undo_(undo) {}

TreeOutput::TreeOutput(TreeOutput&& other) noexcept
    : file_(std::move(other.file_)),
      undo_(std::exchange(other.undo_, Undo::kNothing)),
      temporary_(std::move(other.temporary_)),
      target_(std::move(other.target_)) {}

TreeOutput::~TreeOutput() {
  switch (undo_) {
    case Undo::kNothing: return;
    case Undo::kRemove: unlink(temporary_.c_str()); return;
    case Undo::kTruncate:
      if (ftruncate(file_.fd(), static_cast<off_t>(file_.size())) != 0) return;
  }
}

Result<TreeOutput> TreeOutput::Begin(const std::string& path, const VerityParameters& parameters,
                                     const VerityLayout& layout) {
  Result<TreeOutput> output = BeginAny(path, parameters, layout);
  if (!output || output->file_.is_block_device()) return output;
  const bool has_area = parameters.uuid || !layout.levels.empty();
  if (!has_area) return output;
  // The alignment in front of a tree belongs to the file even where nothing is written.
  if (ftruncate(output->file_.fd(), static_cast<off_t>(layout.tree_end)) != 0) {
    return FailedOn(path, errno);
  }
  return output;
}

Result<TreeOutput> TreeOutput::BeginAny(const std::string& path, const VerityParameters& parameters,
                                        const VerityLayout& layout) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return FailedOn(path, errno);
    return BeginNew(path);
  }
  if (S_ISREG(status.st_mode) && parameters.hash_offset == 0) return BeginReplacement(path);
  Result<BlockFile> file = BlockFile::Open(path, FileAccess::kReadWrite);
  if (!file) return Failure(std::move(file.error()));
  if (file->is_block_device()) return BeginOnDevice(std::move(*file), parameters, layout);
  return BeginBehind(std::move(*file), parameters);
}

Result<TreeOutput> TreeOutput::BeginNew(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0) {
    return Fail(ErrorKind::kUsage,
                StrCat(Escape(path), ": is a link to a file that does not exist"),
                "remove it first");
  }
  return BeginTemporary(path, path, 0666);
}

Result<TreeOutput> TreeOutput::BeginReplacement(const std::string& path) {
  const Result<BlockFile> old = BlockFile::Open(path, FileAccess::kRead);
  if (!old) return Failure(old.error());
  if (Result<> replaceable = CheckReplaceable(*old); !replaceable) {
    return Failure(std::move(replaceable.error()));
  }
  // A link stays, and its file is replaced.
  const std::unique_ptr<char, decltype(&free)> target(realpath(path.c_str(), nullptr), &free);
  if (!target) return FailedOn(path, errno);
  Result<TreeOutput> output = BeginTemporary(path, target.get(), 0600);
  if (!output) return output;
  if (Result<> kept = TakeOverOwnerAndMode(output->file_, *old); !kept) {
    return Failure(std::move(kept.error()));
  }
  return output;
}

Result<TreeOutput> TreeOutput::BeginTemporary(const std::string& path, const std::string& target,
                                              mode_t mode) {
  Result<std::string> name = NameBeside(target);
  if (!name) return Failure(std::move(name.error()));
  UniqueFd fd(open(name->c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd.ok()) return FailedOn(path, errno);
  Result<BlockFile> file = BlockFile::Adopt(std::move(fd), path);
  if (!file) {
    unlink(name->c_str());
    return Failure(std::move(file.error()));
  }
  TreeOutput output(std::move(*file), Undo::kRemove);
  output.temporary_ = std::move(*name);
  output.target_ = target;
  return output;
}

Result<TreeOutput> TreeOutput::BeginBehind(BlockFile file, const VerityParameters& parameters) {
  if (file.size() > parameters.hash_offset) {
    return Fail(ErrorKind::kUsage,
                StrCat(Escape(file.path()), ": hash offset: the file goes beyond ",
                       parameters.hash_offset, ", to ", file.size()),
                "cut off what lies there, or choose a higher offset");
  }
  return TreeOutput(std::move(file), Undo::kTruncate);
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
  return TreeOutput(std::move(file), Undo::kNothing);
}

Result<> TreeOutput::Finish(const VerityParameters& parameters) {
  if (parameters.uuid) {
    const auto superblock = EncodeSuperblock(parameters);
    const std::string_view bytes(superblock.data(), superblock.size());
    if (Result<> written = file_.Write(parameters.hash_offset, bytes); !written) return written;
  }
  if (fsync(file_.fd()) != 0) return FailedOn(file_.path(), errno);
  if (undo_ == Undo::kRemove) return MoveIntoPlace();
  undo_ = Undo::kNothing;
  return {};
}

Result<> TreeOutput::MoveIntoPlace() {
  if (rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int error = errno;
    return FailErrno(ErrorKind::kSystem, error, Escape(file_.path()),
                     error == EBUSY ? "it is a mount point: unmount it first" : "");
  }
  undo_ = Undo::kNothing;
  // What rename(2) did outlasts a crash only then. A directory that cannot be read cannot be
  // synchronized; not every file system can do it.
  const std::string directory = target_.substr(0, target_.rfind('/') + 1);
  const UniqueFd fd(
      open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.ok() && fsync(fd.get()) != 0 && errno != EINVAL) {
    return FailErrno(ErrorKind::kSystem, errno,
                     StrCat(Escape(file_.path()), ": is written, but not its directory"));
  }
  return {};
}

}  // namespace nydus
