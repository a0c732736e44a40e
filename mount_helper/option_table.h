// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Every mount option that the helper knows, in one table. The parser, both kernel interfaces, the
// plan's text and the test against the man page read it; nothing else names an option's bits.
namespace nydus {

enum class OptionKind {
  kAttribute,        // a flag of the mount; `ro` is one of the super block as well
  kAtime,            // one of the three ways to keep access times
  kSuperBlock,       // a flag of the super block
  kPropagation,      // applied after the mount, by a call of its own
  kRemount,          // the target is a mount already
  kLowerDirectory,   // lowerdir=
  kUpperDirectory,   // upperdir=
  kWorkDirectory,    // workdir=
  kVolatile,         // overlay data, dropped for containerd's temporary mounts
  kSecurityContext,  // SELinux: quoted for mount(2), bare for fsconfig(2)
  kExtraOption,      // a payload for Kata
  kKataVolume,       // a payload for Kata
  kMode,
  kPayloadPolicy,
  kSandbox,
  kContainer,
  kApiSocket,
  kLayout,
  kDropped,  // means something to mount(8) or systemd, nothing to the kernel
  kRefused,  // an error; `reason` says why
};

enum class OptionValue {
  kNone,      // the bare word; with a value it is another option
  kNeeded,    // word=value
  kOptional,  // either
  kPrefix,    // every word that begins so
};

// The one way of three in which a mount keeps access times.
enum class Atime { kRelative, kNever, kStrict };

struct OptionRow {
  std::string_view name;
  OptionKind kind;
  OptionValue value = OptionValue::kNone;
  bool set = true;                 // false: the word clears its bit
  unsigned long mount_flag = 0;    // MS_*, include/uapi/linux/mount.h
  std::uint64_t attribute = 0;     // MOUNT_ATTR_*, where the flag is one of the mount
  std::string_view context_flag;   // the word for fsconfig(2), where there is one
  Atime atime = Atime::kRelative;  // kAtime: the way that the word names
  std::string_view reason;         // kRefused
};

std::span<const OptionRow> OptionTable();

// The row of `name`, given with a value or without one; null for a word that only overlay knows.
// Of several prefixes that fit, the longest wins.
const OptionRow* FindOption(std::string_view name, bool has_value);

// Which flags a caller named, the last word of each kind winning.
struct MountFlags {
  unsigned long set = 0;    // MS_*, without those of access times
  unsigned long clear = 0;  // named in their clearing form: matters to a remount only
  std::optional<Atime> atime;

  // `row` is of kind kAttribute, kAtime or kSuperBlock.
  void Apply(const OptionRow& row);

  bool operator==(const MountFlags&) const = default;
};

// The flags as mount(2) takes them.
unsigned long MountFlagBits(const MountFlags& flags);

// The flags of the mount itself as MOUNT_ATTR_*, those named to set and those named to clear.
struct AttributeBits {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  bool operator==(const AttributeBits&) const = default;
};
AttributeBits MountAttributes(const MountFlags& flags);

// All MOUNT_ATTR_* bits of the table.
std::uint64_t AllMountAttributes();

// The words for fsconfig(2) that set, and that clear, the super block's flags.
std::vector<std::string_view> ContextFlags(const MountFlags& flags);

// The first named flag that no file system context can set; empty if there is none.
std::string_view FlagWithoutContextForm(const MountFlags& flags);

// "ro,nosuid,noatime"; "defaults" where nothing is named.
std::string FlagNames(const MountFlags& flags);

// "shared,rslave": the words of these MS_* bits, in their order.
std::string PropagationNames(const std::vector<unsigned long>& words);

}  // namespace nydus
