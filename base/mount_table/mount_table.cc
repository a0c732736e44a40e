// SPDX-License-Identifier: Apache-2.0
#include "base/mount_table/mount_table.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include <libmount/libmount.h>

#include "base/text.h"

namespace nydus {

namespace {

struct FreeTable {
  void operator()(libmnt_table* table) const { mnt_unref_table(table); }
};
using Table = std::unique_ptr<libmnt_table, FreeTable>;

struct FreeIterator {
  void operator()(libmnt_iter* iterator) const { mnt_free_iter(iterator); }
};
using Iterator = std::unique_ptr<libmnt_iter, FreeIterator>;

std::string TextOf(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

bool IsShared(libmnt_fs* mount) {
  unsigned long propagation = 0;
  return mnt_fs_get_propagation(mount, &propagation) == 0 && (propagation & MS_SHARED) != 0;
}

// libmount passes over lines that it cannot read; a table with one must not look complete.
int RefuseBadLine(libmnt_table*, const char*, int) {
  return -EINVAL;
}

}  // namespace

Result<std::vector<MountEntry>> ReadMountTable(const std::string& path) {
  const Table table(mnt_new_table());
  const Iterator iterator(mnt_new_iter(MNT_ITER_FORWARD));
  if (!table || !iterator) return FailErrno(ErrorKind::kSystem, ENOMEM, Escape(path));
  mnt_table_set_parser_errcb(table.get(), RefuseBadLine);
  if (const int failed = mnt_table_parse_file(table.get(), path.c_str()); failed < 0) {
    return FailErrno(ErrorKind::kSystem, -failed, Escape(path));
  }
  std::vector<MountEntry> mounts;
  libmnt_fs* mount = nullptr;
  while (mnt_table_next_fs(table.get(), iterator.get(), &mount) == 0) {
    if (mounts.size() == kMaxMounts) {
      return Fail(ErrorKind::kSystem,
                  StrCat(Escape(path), " has more than ", kMaxMounts, " mounts"));
    }
    mounts.push_back({.id = mnt_fs_get_id(mount),
                      .mount_point = TextOf(mnt_fs_get_target(mount)),
                      .type = TextOf(mnt_fs_get_fstype(mount)),
                      .source = TextOf(mnt_fs_get_srcpath(mount)),
                      .is_shared = IsShared(mount)});
  }
  return mounts;
}

}  // namespace nydus
