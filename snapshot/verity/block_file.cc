// SPDX-License-Identifier: Apache-2.0
#include "snapshot/verity/block_file.h"

#include <fcntl.h>
#include <limits>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

// O_EXCL keeps a block device that is mounted or otherwise claimed from being opened; for other
// files it is not defined.
int ExclusiveFlag(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode) ? O_EXCL : 0;
}

}  // namespace

Result<BlockFile> BlockFile::Open(const std::string& path, FileAccess access) {
  const int mode = access == FileAccess::kRead ? O_RDONLY : O_RDWR | ExclusiveFlag(path);
  UniqueFd fd(open(path.c_str(), mode | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.ok()) {
    const int error = errno;
    return FailErrno(ErrorKind::kSystem, error, Escape(path),
                     error == EBUSY ? "it is in use: mounted, or part of another device" : "");
  }
  return Adopt(std::move(fd), path);
}

Result<BlockFile> BlockFile::Adopt(UniqueFd fd, const std::string& path) {
  BlockFile file;
  file.path_ = path;
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0) return FailErrno(ErrorKind::kSystem, errno, Escape(path));
  file.is_block_device_ = S_ISBLK(status.st_mode);
  if (file.is_block_device_) {
    if (ioctl(fd.get(), BLKGETSIZE64, &file.size_) != 0) {
      return FailErrno(ErrorKind::kSystem, errno, StrCat(Escape(path), ": size of the device"));
    }
    file.device_ = status.st_rdev;
    loop_info64 loop = {};
    if (major(status.st_rdev) == LOOP_MAJOR && ioctl(fd.get(), LOOP_GET_STATUS64, &loop) == 0) {
      // lo_device is huge_encode_dev() of the kernel's drivers/block/loop.c, as st_dev is.
      file.storage_ = Storage{.device = loop.lo_device,
                              .inode = loop.lo_inode,
                              .begin = loop.lo_offset,
                              .end = loop.lo_offset + file.size_};
    }
  } else if (S_ISREG(status.st_mode)) {
    file.size_ = static_cast<std::uint64_t>(status.st_size);
    file.device_ = status.st_dev;
    file.inode_ = status.st_ino;
    file.storage_ = Storage{.device = status.st_dev,
                            .inode = status.st_ino,
                            .end = std::numeric_limits<std::uint64_t>::max()};
  } else {
    return Fail(ErrorKind::kUsage,
                StrCat(Escape(path), ": is neither a regular file nor a block device"));
  }
  file.fd_ = std::move(fd);
  return file;
}

bool BlockFile::IsSameAs(const BlockFile& other) const {
  return is_block_device_ == other.is_block_device_ && device_ == other.device_ &&
         inode_ == other.inode_;
}

bool BlockFile::SharesBytesWith(const BlockFile& other) const {
  if (IsSameAs(other) || !storage_ || !other.storage_) return false;
  return storage_->device == other.storage_->device && storage_->inode == other.storage_->inode &&
         storage_->begin < other.storage_->end && other.storage_->begin < storage_->end;
}

std::expected<void, BlockFile::ReadFailure> BlockFile::Read(std::uint64_t offset, char* buffer,
                                                            std::size_t count) const {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got =
        pread(fd_.get(), buffer + done, count - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      return std::unexpected(
          ReadFailure{done, FailErrno(ErrorKind::kSystem, error, "cannot be read").error()});
    }
    if (got == 0) {
      return std::unexpected(ReadFailure{
          done, Fail(ErrorKind::kSystem, "cannot be read: the file has become shorter").error()});
    }
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Result<> BlockFile::Write(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return FailErrno(ErrorKind::kSystem, errno, StrCat(Escape(path_), ": write"));
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

}  // namespace nydus
