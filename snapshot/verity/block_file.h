// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

enum class FileAccess { kRead, kReadWrite };

// A regular file or a block device, read and written at offsets. May be used by many threads.
class BlockFile {
 public:
  // Never waits, as opening a FIFO would. A block device that is in use is not opened for writing.
  // Errors name the path.
  static Result<BlockFile> Open(const std::string& path, FileAccess access);
  // Takes over an open file; `path` is for messages.
  static Result<BlockFile> Adopt(UniqueFd fd, const std::string& path);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_block_device() const { return is_block_device_; }
  // When it was opened, in bytes.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Whether both are one file, whatever their paths say.
  [[nodiscard]] bool IsSameAs(const BlockFile& other) const;
  // Whether writing one changes the other, though they are two files: a loop device and its backing
  // file, or two loop devices of it.
  [[nodiscard]] bool SharesBytesWith(const BlockFile& other) const;

  // A failed read: how many bytes came before it, and why it failed.
  struct ReadFailure {
    std::size_t read = 0;
    Error error;
  };
  // `count` bytes from `offset` on, which lay inside the file when it was opened.
  std::expected<void, ReadFailure> Read(std::uint64_t offset, char* buffer,
                                        std::size_t count) const;
  [[nodiscard]] Result<> Write(std::uint64_t offset, std::string_view bytes) const;

 private:
  UniqueFd fd_;
  std::string path_;
  bool is_block_device_ = false;
  std::uint64_t size_ = 0;
  // What identifies the file: its device and inode, or the device that it is.
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;

  // The part of a regular file that holds the bytes.
  struct Storage {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  std::optional<Storage> storage_;
};

}  // namespace nydus
