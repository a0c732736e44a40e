// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "snapshot/payload/json_reading.h"

namespace nydus {

// The mount option that carries an extra option: NAME=BASE64.
inline constexpr std::string_view kExtraOptionName = "extraoption";

// The payload of `extraoption=`: ExtraOption of nydus-snapshotter (snapshot/mount_option.go).
struct ExtraOption {
  std::string source;        // path of the bootstrap
  std::string config;        // nydusd's configuration, JSON text; may hold registry credentials
  std::string snapshot_dir;  // "snapshotdir": the directory that holds fs/ and work/
  std::string fs_version;    // "v5" or "v6"; Kata's Go runtime ignores it

  bool operator==(const ExtraOption&) const = default;
};

// The JSON text of `option`, byte for byte as nydus-snapshotter writes it.
std::string FormatExtraOption(const ExtraOption& option);

// Reads without validating.
Result<ExtraOption> ReadExtraOption(const JsonValue& value, const JsonReading& reading);

// source, config and snapshotdir are not empty: the rule of Kata's Go runtime.
Result<> ValidateExtraOption(const ExtraOption& option);

}  // namespace nydus
