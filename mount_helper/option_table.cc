// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/option_table.h"

#include <sys/mount.h>

#include "base/mount_api/mount_api.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"

#ifndef MS_NOSYMFOLLOW
// COMPAT(glibc < 2.34): include/uapi/linux/mount.h, Linux 5.10.
#define MS_NOSYMFOLLOW 256
#endif
#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

namespace nydus {

namespace {

using enum OptionKind;
using enum OptionValue;

// Accepted by file systems in general, without a word of their own for fsconfig(2).
constexpr std::string_view kNoContextForm = {};

constexpr OptionRow Attribute(std::string_view name, bool set, unsigned long flag,
                              std::uint64_t attribute) {
  return {.name = name, .kind = kAttribute, .set = set, .mount_flag = flag, .attribute = attribute};
}

constexpr OptionRow SuperBlock(std::string_view name, bool set, unsigned long flag,
                               std::string_view context_flag) {
  return {.name = name,
          .kind = kSuperBlock,
          .set = set,
          .mount_flag = flag,
          .context_flag = context_flag};
}

constexpr OptionRow ReadOnly(std::string_view name, bool set) {
  return {.name = name,
          .kind = kAttribute,
          .set = set,
          .mount_flag = MS_RDONLY,
          .attribute = kMountAttrRdonly,
          .context_flag = name};
}

constexpr OptionRow AccessTime(std::string_view name, bool set, Atime atime) {
  return {.name = name, .kind = kAtime, .set = set, .atime = atime};
}

constexpr OptionRow Propagation(std::string_view name, unsigned long flag) {
  return {.name = name, .kind = kPropagation, .mount_flag = flag};
}

constexpr OptionRow WithValue(std::string_view name, OptionKind kind, OptionValue value = kNeeded) {
  return {.name = name, .kind = kind, .value = value};
}

constexpr OptionRow Dropped(std::string_view name, OptionValue value = kNone) {
  return {.name = name, .kind = kDropped, .value = value};
}

constexpr OptionRow Refused(std::string_view name, OptionValue value, std::string_view reason) {
  return {.name = name, .kind = kRefused, .value = value, .reason = reason};
}

constexpr OptionRow kTable[] = {
    ReadOnly("ro", true),
    ReadOnly("rw", false),
    Attribute("nosuid", true, MS_NOSUID, kMountAttrNosuid),
    Attribute("suid", false, MS_NOSUID, kMountAttrNosuid),
    Attribute("nodev", true, MS_NODEV, kMountAttrNodev),
    Attribute("dev", false, MS_NODEV, kMountAttrNodev),
    Attribute("noexec", true, MS_NOEXEC, kMountAttrNoexec),
    Attribute("exec", false, MS_NOEXEC, kMountAttrNoexec),
    Attribute("nodiratime", true, MS_NODIRATIME, kMountAttrNodiratime),
    Attribute("diratime", false, MS_NODIRATIME, kMountAttrNodiratime),
    Attribute("nosymfollow", true, MS_NOSYMFOLLOW, kMountAttrNosymfollow),
    Attribute("symfollow", false, MS_NOSYMFOLLOW, kMountAttrNosymfollow),

    AccessTime("noatime", true, Atime::kNever),
    AccessTime("atime", false, Atime::kNever),
    AccessTime("relatime", true, Atime::kRelative),
    AccessTime("norelatime", false, Atime::kRelative),
    AccessTime("strictatime", true, Atime::kStrict),
    AccessTime("nostrictatime", false, Atime::kStrict),

    SuperBlock("sync", true, MS_SYNCHRONOUS, "sync"),
    SuperBlock("async", false, MS_SYNCHRONOUS, "async"),
    SuperBlock("dirsync", true, MS_DIRSYNC, "dirsync"),
    SuperBlock("lazytime", true, MS_LAZYTIME, "lazytime"),
    SuperBlock("nolazytime", false, MS_LAZYTIME, "nolazytime"),
    SuperBlock("mand", true, MS_MANDLOCK, "mand"),
    SuperBlock("nomand", false, MS_MANDLOCK, "nomand"),
    SuperBlock("silent", true, MS_SILENT, kNoContextForm),
    SuperBlock("loud", false, MS_SILENT, kNoContextForm),
    SuperBlock("iversion", true, MS_I_VERSION, kNoContextForm),
    SuperBlock("noiversion", false, MS_I_VERSION, kNoContextForm),

    Propagation("shared", MS_SHARED),
    Propagation("rshared", MS_SHARED | MS_REC),
    Propagation("slave", MS_SLAVE),
    Propagation("rslave", MS_SLAVE | MS_REC),
    Propagation("private", MS_PRIVATE),
    Propagation("rprivate", MS_PRIVATE | MS_REC),
    Propagation("unbindable", MS_UNBINDABLE),
    Propagation("runbindable", MS_UNBINDABLE | MS_REC),
    {.name = "remount", .kind = kRemount},

    WithValue("lowerdir", kLowerDirectory),
    WithValue("upperdir", kUpperDirectory),
    WithValue("workdir", kWorkDirectory),
    {.name = "volatile", .kind = kVolatile},
    WithValue("fsync", kVolatile),
    WithValue("context", kSecurityContext),
    WithValue("fscontext", kSecurityContext),
    WithValue("defcontext", kSecurityContext),
    WithValue("rootcontext", kSecurityContext),

    WithValue(kExtraOptionName, kExtraOption),
    WithValue(kKataVolumeOptionName, kKataVolume),
    WithValue("nydus.mode", kMode),
    WithValue("nydus.payload", kPayloadPolicy),
    WithValue("nydus.sandbox", kSandbox),
    WithValue("nydus.container", kContainer),
    WithValue("nydus.apisock", kApiSocket),
    WithValue("nydus.layout", kLayout),

    Dropped("defaults"),
    Dropped("auto"),
    Dropped("noauto"),
    Dropped("user", kOptional),
    Dropped("nouser"),
    Dropped("users"),
    Dropped("owner"),
    Dropped("group"),
    Dropped("nofail"),
    Dropped("_netdev"),
    Dropped("comment", kOptional),
    Dropped("helper", kNeeded),
    Dropped("uhelper", kNeeded),
    Dropped("x-", kPrefix),
    Dropped("X-", kPrefix),

    Refused("X-containerd.", kPrefix, "is for containerd's mount manager, which did not run"),
    Refused("bind", kNone, "is not for this helper: use mount --bind"),
    Refused("rbind", kNone, "is not for this helper: use mount --rbind"),
    Refused("move", kNone, "is not for this helper: use mount --move"),
    Refused("uidmap", kOptional, "cannot be applied: containerd maps IDs only of its own mounts"),
    Refused("gidmap", kOptional, "cannot be applied: containerd maps IDs only of its own mounts"),
    Refused("nydus.", kPrefix, "is not an option that this version knows"),
};

bool Fits(const OptionRow& row, std::string_view name, bool has_value) {
  if (row.value == kPrefix) return name.starts_with(row.name);
  if (row.name != name) return false;
  return row.value != kNone || !has_value;
}

bool IsFlag(const OptionRow& row) {
  return row.kind == kAttribute || row.kind == kSuperBlock;
}

// The named flag rows: the setting row of a set bit, the clearing row of a cleared one.
bool IsNamed(const OptionRow& row, const MountFlags& flags) {
  return IsFlag(row) && ((row.set ? flags.set : flags.clear) & row.mount_flag) != 0;
}

}  // namespace

std::span<const OptionRow> OptionTable() {
  return kTable;
}

const OptionRow* FindOption(std::string_view name, bool has_value) {
  const OptionRow* found = nullptr;
  for (const OptionRow& row : kTable) {
    if (!Fits(row, name, has_value)) continue;
    if (row.value != kPrefix) return &row;
    if (found == nullptr || found->name.size() < row.name.size()) found = &row;
  }
  return found;
}

void MountFlags::Apply(const OptionRow& row) {
  if (row.kind == kAtime) {
    if (row.set) {
      atime = row.atime;
    } else if (!atime || *atime == row.atime) {
      // The opposite of a way is the kernel's default.
      atime = Atime::kRelative;
    }
    return;
  }
  (row.set ? set : clear) |= row.mount_flag;
  (row.set ? clear : set) &= ~row.mount_flag;
}

unsigned long MountFlagBits(const MountFlags& flags) {
  if (flags.atime == Atime::kNever) return flags.set | MS_NOATIME;
  if (flags.atime == Atime::kStrict) return flags.set | MS_STRICTATIME;
  return flags.set;
}

AttributeBits MountAttributes(const MountFlags& flags) {
  AttributeBits bits;
  for (const OptionRow& row : kTable) {
    if (!IsNamed(row, flags)) continue;
    (row.set ? bits.set : bits.clear) |= row.attribute;
  }
  if (!flags.atime) return bits;
  bits.clear |= kMountAttrAtimeMask;  // mount_setattr(2) wants the whole field cleared first
  if (*flags.atime == Atime::kNever) bits.set |= kMountAttrNoatime;
  if (*flags.atime == Atime::kStrict) bits.set |= kMountAttrStrictatime;
  return bits;
}

std::uint64_t AllMountAttributes() {
  std::uint64_t all = kMountAttrAtimeMask;
  for (const OptionRow& row : kTable) all |= row.attribute;
  return all;
}

std::vector<std::string_view> ContextFlags(const MountFlags& flags) {
  std::vector<std::string_view> words;
  for (const OptionRow& row : kTable) {
    if (IsNamed(row, flags) && !row.context_flag.empty()) words.push_back(row.context_flag);
  }
  return words;
}

// silent and loud ask for nothing that lasts, and clearing a flag that a new mount does not have is
// done already; only iversion would be lost.
std::string_view FlagWithoutContextForm(const MountFlags& flags) {
  for (const OptionRow& row : kTable) {
    if (row.kind == kSuperBlock && row.set && row.context_flag.empty() &&
        row.mount_flag != MS_SILENT && IsNamed(row, flags)) {
      return row.name;
    }
  }
  return {};
}

std::string FlagNames(const MountFlags& flags) {
  std::string names;
  const auto append = [&names](std::string_view name) {
    if (!names.empty()) names += ',';
    names += name;
  };
  for (const OptionRow& row : kTable) {
    if (IsNamed(row, flags) || (row.kind == kAtime && row.set && flags.atime == row.atime)) {
      append(row.name);
    }
  }
  return names.empty() ? "defaults" : names;
}

std::string PropagationNames(const std::vector<unsigned long>& words) {
  std::string names;
  for (const unsigned long word : words) {
    for (const OptionRow& row : kTable) {
      if (row.kind != kPropagation || row.mount_flag != word) continue;
      names += names.empty() ? "" : ",";
      names += row.name;
    }
  }
  return names;
}

}  // namespace nydus
