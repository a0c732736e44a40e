// SPDX-License-Identifier: Apache-2.0
#include "kata/share/tree_removal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/unique_fd.h"
#include "kata/share/beneath.h"

namespace nydus {

namespace {

// As many directories are open at once. What lies deeper is moved up, so that it never matters how
// deep a tree is.
constexpr int kMaxLevels = 32;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

Failure FailAt(int errno_value, std::string_view path) {
  return FailErrno(ErrorKind::kMount, errno_value, StrCat("remove ", Quote(path)),
                   errno_value == EBUSY ? "something is mounted there" : "");
}

bool IsNotEmpty(int errno_value) {
  return errno_value == ENOTEMPTY || errno_value == EEXIST;
}

// Empties one directory and all below it.
class TreeRemoval {
 public:
  explicit TreeRemoval(int top) : top_(top) {}

  Result<> Empty(UniqueFd directory, const std::string& path) {
    EmptyDirectory(std::move(directory), path, 0);
    if (IsExhausted()) {
      return Fail(ErrorKind::kMount,
                  StrCat("remove ", Quote(path), ": more than ", kMaxRemovedEntries, " entries"));
    }
    if (failure_) return Failure(*failure_);
    return {};
  }

 private:
  [[nodiscard]] bool IsExhausted() const { return changes_ >= kMaxRemovedEntries; }

  void Note(const Failure& failure) {
    if (!failure_) failure_ = failure.error();
  }

  // Repeats as long as anything changes: entries that were moved up, or that come while others are
  // removed, need not show in a pass that has begun.
  void EmptyDirectory(UniqueFd directory, const std::string& path, int level) {
    const DirectoryStream stream(fdopendir(directory.get()));
    if (!stream) {
      Note(FailAt(errno, path));
      return;
    }
    const int fd = directory.release();
    std::size_t before = 0;
    do {
      before = changes_;
      // What failed before and still does shows up again in the last pass.
      if (level == 0) failure_.reset();
      rewinddir(stream.get());
      RemoveEntriesOnce(stream.get(), fd, path, level);
    } while (changes_ != before && !IsExhausted());
  }

  void RemoveEntriesOnce(DIR* stream, int directory, const std::string& path, int level) {
    while (!IsExhausted()) {
      errno = 0;
      const dirent* entry = readdir(stream);
      if (entry == nullptr && errno != 0) Note(FailAt(errno, path));
      if (entry == nullptr) return;
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string below = StrCat(path, "/", name);
      if (Result<> removed = RemoveEntry(directory, name, below, level); !removed) {
        Note(Failure(std::move(removed.error())));
      }
    }
  }

  // `path` is for messages.
  Result<> RemoveEntry(int directory, const std::string& name, const std::string& path, int level) {
    if (Removed(unlinkat(directory, name.c_str(), 0))) return {};
    if (errno != EISDIR) return FailAt(errno, path);
    // Before it is opened: a mount is told by EBUSY here.
    if (Removed(unlinkat(directory, name.c_str(), AT_REMOVEDIR))) return {};
    if (!IsNotEmpty(errno)) return FailAt(errno, path);
    if (level + 1 == kMaxLevels) return MoveUp(directory, name, path);

    Result<UniqueFd> child = OpenBeneath(directory, name, O_RDONLY | O_DIRECTORY);
    if (!child) return Failure(Wrap(std::move(child.error()), StrCat("remove ", Quote(path))));
    EmptyDirectory(std::move(*child), path, level + 1);
    if (Removed(unlinkat(directory, name.c_str(), AT_REMOVEDIR))) return {};
    return FailAt(errno, path);
  }

  bool Removed(int returned) {
    if (returned == 0) ++changes_;
    return returned == 0 || errno == ENOENT;
  }

  Result<> MoveUp(int directory, const std::string& name, const std::string& path) {
    // A name that nobody can have prepared something under.
    std::uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number) return FailAt(errno, path);
    if (renameat(directory, name.c_str(), top_, StrCat(".removed-", number).c_str()) != 0) {
      return FailAt(errno, path);
    }
    ++changes_;
    return {};
  }

  int top_;
  std::size_t changes_ = 0;
  std::optional<Error> failure_;
};

}  // namespace

Result<> RemoveTreeBeneath(int directory, const std::string& name) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR) return FailAt(errno, name);
  if (unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
  if (!IsNotEmpty(errno)) return FailAt(errno, name);
  Result<UniqueFd> top = OpenBeneath(directory, name, O_RDONLY | O_DIRECTORY);
  if (!top) return Failure(Wrap(std::move(top.error()), "remove"));
  const int fd = top->get();
  if (Result<> emptied = TreeRemoval(fd).Empty(std::move(*top), name); !emptied) return emptied;
  if (unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0) return FailAt(errno, name);
  return {};
}

}  // namespace nydus
