// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace nydus {

// The most names that are read from one directory.
inline constexpr std::size_t kMaxDirectoryNames = 100'000;

// The files of a node, seen as a process sees them whose root directory is `root`: absolute links
// stay within it. Errors are kSystem with errno set; "absent" (ENOENT, ENOTDIR) is no error where
// an optional is returned. Nothing is ever written and no file is opened in a way that has effects
// or waits, except that a file system itself may hang.
class NodeView {
 public:
  static Result<NodeView> Open(const std::string& root);

  // O_PATH, links followed; with `flags` O_NOFOLLOW, or for reading with O_RDONLY.
  [[nodiscard]] Result<std::optional<UniqueFd>> OpenPath(const std::string& path,
                                                         int flags = kPathOnly) const;
  // The text of a regular file of at most `limit` bytes.
  [[nodiscard]] Result<std::optional<std::string>> Read(const std::string& path,
                                                        std::size_t limit) const;
  // Where a symbolic link points, or nothing for an absent file and for what is no link.
  [[nodiscard]] std::optional<std::string> LinkTarget(const std::string& path) const;
  // The path of an existing file without links; `path` itself if it cannot be told.
  [[nodiscard]] std::string Resolve(const std::string& path) const;
  // Names in a directory without "." and "..", sorted; none if it is absent or cannot be read.
  [[nodiscard]] std::vector<std::string> List(const std::string& directory) const;
  [[nodiscard]] bool Exists(const std::string& path) const;
  // A path by which this process reaches an open file.
  static std::string PathOf(const UniqueFd& fd);

  // True for the node that this process runs on, whose kernel can be asked.
  [[nodiscard]] bool IsThisNode() const { return root_ == "/"; }

 private:
  static const int kPathOnly;

  NodeView(std::string root, UniqueFd fd) : root_(std::move(root)), fd_(std::move(fd)) {}

  std::string root_;
  UniqueFd fd_;
};

}  // namespace nydus
