// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "mount_helper/command_line.h"
#include "mount_helper/lower_directories.h"
#include "mount_helper/option_table.h"
#include "snapshot/payload/payload_policy.h"

namespace nydus {

enum class MountMode {
  kNative,  // an overlay mount of the kernel, made here
  kKata,    // handed to nydusd for a guest, by nydus-overlayctl
  kImage,   // an image mounted on its own, by nydus-overlayctl
};

enum class PayloadKind { kExtraOption, kKataVolume };

// The option that carries payloads of this kind.
std::string_view PayloadOptionName(PayloadKind kind);

// One payload as it arrived. The text is untrusted and may hold credentials: never print it.
struct Payload {
  PayloadKind kind = PayloadKind::kExtraOption;
  std::string base64;

  bool operator==(const Payload&) const = default;
};

// One word for overlay: `key`, or `key=value` with the value as mount(2) takes it, save for a
// security context, which is bare here (mount(2) wants quotes around its commas).
struct DataWord {
  OptionKind kind = OptionKind::kVolatile;
  bool known = false;  // false: the table has no row; `kind` means nothing
  std::string key;
  std::optional<std::string> value;

  bool operator==(const DataWord&) const = default;
};

// Where a hand-over in Kata mode goes; empty members have their default in the configuration file.
struct HandOverSettings {
  std::string sandbox;
  std::string container;
  std::string api_socket;
  std::string layout;  // a name of a ShareLayout, or empty

  bool operator==(const HandOverSettings&) const = default;
};

// What a caller asked for, every word understood, nothing decided yet.
struct MountRequest {
  std::string source;
  std::string target;
  MountFlags flags;
  bool remount = false;
  std::vector<unsigned long> propagation;      // MS_* words in order
  std::vector<DataWord> data;                  // for overlay, in order, payloads and ours stripped
  std::vector<Layer> layers;                   // of lowerdir=, top first
  std::optional<std::string> upper_directory;  // without escapes
  std::optional<std::string> work_directory;
  MountMode mode = MountMode::kNative;
  std::optional<PayloadPolicy> policy;  // only if the caller named one
  std::vector<Payload> payloads;
  HandOverSettings hand_over;

  bool operator==(const MountRequest&) const = default;
};

// Reads the options of a command line. Fails on every word that is ours and malformed, and on the
// refused ones.
Result<MountRequest> ParseMountRequest(const CommandLine& line);

}  // namespace nydus
